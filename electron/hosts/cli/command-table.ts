/** One option as `util.parseArgs` and `--help` need it. */
export interface OptionSpec {
  readonly value?: string;
  readonly help: string;
}

export interface CommandSpec {
  /** Words of the command, e.g. ['node', 'add']. */
  readonly words: readonly string[];
  /** Names of positional arguments; a trailing `…` takes one or more. */
  readonly positionals: readonly string[];
  readonly options: readonly OptionName[];
  readonly required?: readonly OptionName[];
  readonly summary: string;
  readonly example: string;
}

/** Every option of every command: a name means the same wherever it stands. */
export const OPTIONS = {
  host: { value: 'H', help: 'host name or address of the PACS' },
  port: { value: 'P', help: 'port; with `node add` the PACS’s, elsewhere our own receiving port for this run' },
  ae: { value: 'TITLE', help: 'AE title of the PACS' },
  'max-pdu': { value: 'BYTES', help: 'PDU length that we announce to this PACS (default: the setting)' },
  identity: { value: 'username|passcode|kerberos|saml|jwt', help: 'how we say who we are; `phosphor node secret` stores what proves it' },
  username: { value: 'U', help: 'user name for --identity username or passcode' },
  tls: { help: 'call this PACS by TLS' },
  'tls-name': { value: 'NAME', help: 'name that its certificate must bear (default: the host)' },
  'tls-any-name': { help: 'take any name in a certificate that is trusted' },
  remove: { help: 'forget what is stored' },
  method: { value: 'move|get|auto', help: 'how studies are retrieved (so far: move)' },
  level: { value: 'patient|study|series|image', help: 'what one match is (default study)' },
  'patient-name': { value: 'X', help: 'name or part of one with * and ?, e.g. "DOE*"' },
  'patient-id': { value: 'X', help: 'patient ID' },
  date: { value: 'A-B', help: 'study date YYYYMMDD or range YYYYMMDD-YYYYMMDD, open at either end' },
  modality: { value: 'M', help: 'modality, e.g. CT' },
  accession: { value: 'X', help: 'accession number' },
  study: { value: 'UID', help: 'Study Instance UID' },
  series: { value: 'UID', help: 'Series Instance UID' },
  to: { value: 'TITLE|PATH', help: 'AE title that shall receive the images (so far: our own); with `export` the folder, or the ZIP file' },
  instance: { value: 'UID', help: 'SOP Instance UID' },
  form: { value: 'files|media|jpeg|png|tiff', help: 'DICOM files, a medium with DICOMDIR, or pictures (default files)' },
  zip: { help: 'one ZIP file in place of a folder' },
  password: { help: 'encrypt the ZIP file (AES-256); the password is read from standard input' },
  template: { value: 'T', help: 'names of folders and files, e.g. "{PatientName}/{StudyDate}/{SeriesNumber:3}/{InstanceNumber:5}"' },
  'media-profile': { value: 'P', help: 'application profile of a medium, e.g. STD-GEN-CD (default: by its images)' },
  text: { help: 'write patient, study and place into the corners of pictures' },
  deep: { help: '16 bits for each grey sample of a png or tiff' },
  replace: { help: 'replace files of the same name' },
  restart: { help: 'begin anew where an earlier run was interrupted' },
  batch: {
    value: 'BATCH',
    help: 'what went into the trash together, as `phosphor archive trash` numbers it; several are separated by commas',
  },
  'older-than': { value: 'DAYS', help: 'what has been in the trash for longer' },
  'dry-run': { help: 'only show what would go' },
  keep: { value: 'first|other', help: 'the version that stays; the other one goes to the trash' },
  profile: { value: 'DIR', help: 'settings, index and archive (default: your own)' },
  'ae-title': { value: 'TITLE', help: 'our own AE title for this run' },
  json: { help: 'one JSON object per line, the last one is the result' },
  help: { help: 'this text' },
} as const satisfies Record<string, OptionSpec>;

export type OptionName = keyof typeof OPTIONS;

/** Understood by every command. */
export const GLOBAL_OPTIONS = ['profile', 'ae-title', 'port', 'json', 'help'] as const satisfies readonly OptionName[];

const QUERY_OPTIONS = ['level', 'patient-name', 'patient-id', 'date', 'modality', 'accession', 'study', 'series'] as const;

export const COMMANDS = {
  'node add': {
    words: ['node', 'add'],
    positionals: ['NAME'],
    options: ['host', 'port', 'ae', 'method', 'max-pdu', 'identity', 'username', 'tls', 'tls-name', 'tls-any-name'],
    required: ['host', 'port', 'ae'],
    summary: 'make a PACS known',
    example: 'phosphor node add MAIN --host pacs.example.org --port 104 --ae MAINPACS',
  },
  'node list': {
    words: ['node', 'list'],
    positionals: [],
    options: [],
    summary: 'list the PACS that are known',
    example: 'phosphor node list',
  },
  'node remove': {
    words: ['node', 'remove'],
    positionals: ['NAME'],
    options: [],
    summary: 'forget a PACS',
    example: 'phosphor node remove MAIN',
  },
  'node secret': {
    words: ['node', 'secret'],
    positionals: ['NAME'],
    options: ['remove'],
    summary: 'store the passcode, token or ticket (base64) that a PACS wants to see; it is read from standard input',
    example: 'phosphor node secret MAIN',
  },
  'caller add': {
    words: ['caller', 'add'],
    positionals: ['USERNAME'],
    options: [],
    summary: 'let a user send to us; the passcode is read from standard input',
    example: 'phosphor caller add SCANNER',
  },
  'caller list': {
    words: ['caller', 'list'],
    positionals: [],
    options: [],
    summary: 'list the users who may send to us',
    example: 'phosphor caller list',
  },
  'caller remove': {
    words: ['caller', 'remove'],
    positionals: ['USERNAME'],
    options: [],
    summary: 'no longer let a user send to us',
    example: 'phosphor caller remove SCANNER',
  },
  echo: {
    words: ['echo'],
    positionals: ['NODE'],
    options: [],
    summary: 'test the connection to a PACS (C-ECHO)',
    example: 'phosphor echo MAIN',
  },
  find: {
    words: ['find'],
    positionals: ['NODE'],
    options: QUERY_OPTIONS,
    summary: 'search a PACS (C-FIND)',
    example: 'phosphor find MAIN --patient-name "DOE*" --date 20260101-',
  },
  retrieve: {
    words: ['retrieve'],
    positionals: ['NODE'],
    options: ['study', 'series', 'method', 'to'],
    required: ['study'],
    summary: 'bring a study or series into the local archive (C-MOVE)',
    example: 'phosphor retrieve MAIN --study 1.2.840.113619.2.1.1',
  },
  import: {
    words: ['import'],
    positionals: ['PATH…'],
    options: [],
    summary: 'take files and folders into the local archive',
    example: 'phosphor import /media/cdrom',
  },
  export: {
    words: ['export'],
    positionals: [],
    options: [
      'patient-id',
      'study',
      'series',
      'instance',
      'to',
      'form',
      'template',
      'media-profile',
      'zip',
      'password',
      'text',
      'deep',
      'replace',
    ],
    required: ['to'],
    summary: 'bring studies, series or instances out of the local archive; several UIDs are separated by commas',
    example: 'phosphor export --study 1.2.840.113619.2.1.1 --to /media/usb --form media',
  },
  list: {
    words: ['list'],
    positionals: [],
    options: QUERY_OPTIONS,
    summary: 'search the local archive',
    example: 'phosphor list --modality CT --patient-name "DOE*"',
  },
  listen: {
    words: ['listen'],
    positionals: [],
    options: [],
    summary: 'receive images until interrupted',
    example: 'phosphor listen --ae-title PHOSPHOR --port 11112',
  },
  window: {
    words: ['window'],
    positionals: [],
    options: [],
    summary: 'write a launch page that opens the window in a browser within 30 seconds, and print its path',
    example: 'phosphor window',
  },
  'tls check': {
    words: ['tls', 'check'],
    positionals: [],
    options: [],
    summary: 'say what is wrong with our certificate, key and trust anchors, and shake hands with ourselves',
    example: 'phosphor tls check',
  },
  'archive verify': {
    words: ['archive', 'verify'],
    positionals: [],
    options: ['restart'],
    summary: 'read every stored file and compare it with the index; goes on where it was interrupted',
    example: 'phosphor archive verify',
  },
  'archive rebuild': {
    words: ['archive', 'rebuild'],
    positionals: [],
    options: ['restart'],
    summary: 'build the index anew from the stored files; goes on where it was interrupted',
    example: 'phosphor archive rebuild',
  },
  'archive stats': {
    words: ['archive', 'stats'],
    positionals: [],
    options: [],
    summary: 'count what the local archive holds',
    example: 'phosphor archive stats',
  },
  'archive delete': {
    words: ['archive', 'delete'],
    positionals: [],
    options: ['study', 'series', 'instance'],
    required: ['study'],
    summary: 'put a study, a series or an instance into the trash',
    example: 'phosphor archive delete --study 1.2.840.113619.2.1.1',
  },
  'archive trash': {
    words: ['archive', 'trash'],
    positionals: [],
    options: [],
    summary: 'list what is in the trash',
    example: 'phosphor archive trash',
  },
  'archive restore': {
    words: ['archive', 'restore'],
    positionals: ['BATCH…'],
    options: ['study'],
    summary: 'bring back from the trash what went into it together, or one study of that',
    example: 'phosphor archive restore 1795281234567',
  },
  'archive purge': {
    words: ['archive', 'purge'],
    positionals: [],
    options: ['batch', 'study', 'older-than'],
    summary: 'remove from the trash for good',
    example: 'phosphor archive purge --older-than 30',
  },
  'archive clean': {
    words: ['archive', 'clean'],
    positionals: [],
    options: ['dry-run'],
    summary: 'carry out the cleaning rules of the settings',
    example: 'phosphor archive clean --dry-run',
  },
  'archive compact': {
    words: ['archive', 'compact'],
    positionals: [],
    options: [],
    summary: 'index files that the index does not know, remove old copies of it, and give unused room back to the disk',
    example: 'phosphor archive compact',
  },
  'archive conflicts': {
    words: ['archive', 'conflicts'],
    positionals: [],
    options: [],
    summary: 'list second versions of instances that are kept beside the first',
    example: 'phosphor archive conflicts',
  },
  'archive resolve': {
    words: ['archive', 'resolve'],
    positionals: ['NO…'],
    options: ['keep'],
    required: ['keep'],
    summary: 'decide which version of an instance stays',
    example: 'phosphor archive resolve 3 --keep first',
  },
} as const satisfies Record<string, CommandSpec>;

export type CliCommand = keyof typeof COMMANDS;
