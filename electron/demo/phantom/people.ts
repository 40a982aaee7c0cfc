import type { ValueInput } from '../../dicom/dataset/index.ts';

/** An invented person. The name is in the script and the character set that a department there would use. */
export interface Person {
  readonly characterSet: readonly string[];
  readonly name: string;
  readonly id: string;
  readonly birthDate: string;
  readonly sex: 'F' | 'M' | 'O';
  readonly institution: string;
}

export const PEOPLE = {
  astrid: {
    characterSet: ['ISO_IR 100'],
    name: 'Sjöberg^Åsa^Margareta',
    id: 'PH-1001',
    birthDate: '19580314',
    sex: 'F',
    institution: 'Nordhamn University Hospital',
  },
  tarou: {
    characterSet: ['', 'ISO 2022 IR 87'],
    name: 'Yamada^Tarou=山田^太郎=やまだ^たろう',
    id: 'PH-1002',
    birthDate: '19491122',
    sex: 'M',
    institution: 'Minato General Hospital',
  },
  maria: {
    characterSet: ['ISO_IR 144'],
    name: 'Козлова^Мария^Сергеевна',
    id: 'PH-1003',
    birthDate: '19870905',
    sex: 'F',
    institution: 'Clinic No. 7',
  },
  eleni: {
    characterSet: ['ISO_IR 126'],
    name: 'Παπαδοπούλου^Ελένη',
    id: 'PH-1004',
    birthDate: '19720620',
    sex: 'F',
    institution: 'Agia Marina Hospital',
  },
  gildong: {
    characterSet: ['', 'ISO 2022 IR 149'],
    name: 'Hong^Gildong=洪^吉洞=홍^길동',
    id: 'PH-1005',
    birthDate: '19650101',
    sex: 'M',
    institution: 'Hangang Medical Center',
  },
  nizar: {
    characterSet: ['ISO_IR 192'],
    name: 'Qabbani^Nizar=قباني^نزار',
    id: 'PH-1006',
    birthDate: '19801203',
    sex: 'M',
    institution: 'Al-Yasmin Hospital',
  },
} as const satisfies Record<string, Person>;

/** Patient and equipment attributes that every instance of a person's study carries. */
export function patientModule(person: Person): Record<string, ValueInput> {
  return {
    SpecificCharacterSet: [...person.characterSet],
    PatientName: person.name,
    PatientID: person.id,
    IssuerOfPatientID: 'PHOSPHOR-DEMO',
    PatientBirthDate: person.birthDate,
    PatientSex: person.sex,
    InstitutionName: person.institution,
    PatientComments: 'Computed phantom, no real person',
  };
}
