import { type CommandName, type CommandResult, commands, seriesManifest } from '../../shared/contract/index.ts';

/** Instances that are validated between two turns of the event loop: a few milliseconds. */
const SLICE = 200;

/**
 * A result as the contract has it, or undefined where it breaks it. The one result that can be long, a manifest of many thousand instances,
 * is validated in slices: the window stays alive meanwhile.
 */
export async function checkResult<C extends CommandName>(command: C, value: unknown): Promise<CommandResult<C> | undefined> {
  const instances = command === 'archive.manifest' ? instancesOf(value) : undefined;
  if (instances === undefined || instances.length <= SLICE) {
    const result = commands[command].result.safeParse(value);
    return result.success ? (result.data as CommandResult<C>) : undefined;
  }
  const shell = commands['archive.manifest'].result.safeParse({ manifest: { ...manifestOf(value), instances: [] } });
  if (!shell.success || shell.data.manifest === null) return undefined;
  for (let from = 0; from < instances.length; from += SLICE) {
    const slice = seriesManifest.shape.instances.safeParse(instances.slice(from, from + SLICE));
    if (!slice.success) return undefined;
    shell.data.manifest.instances.push(...slice.data);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return shell.data as CommandResult<C>;
}

function manifestOf(value: unknown): object | undefined {
  const manifest = typeof value === 'object' && value !== null && 'manifest' in value ? value.manifest : undefined;
  return typeof manifest === 'object' && manifest !== null ? manifest : undefined;
}

function instancesOf(value: unknown): unknown[] | undefined {
  const manifest = manifestOf(value);
  const instances = manifest !== undefined && 'instances' in manifest ? manifest.instances : undefined;
  return Array.isArray(instances) && instances.length <= 100_000 && isAlone(value) ? instances : undefined;
}

/** Nothing stands beside the manifest; with anything else the plain, strict validation answers. */
function isAlone(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 1;
}
