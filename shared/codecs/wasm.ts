import { PhosphorError } from '../contract/phosphor-error.ts';

/** The WebAssembly files of the decoders. The host says where they are: a URL in the window, a file on the main side. */
export type WasmName = 'charls' | 'libjpeg-turbo' | 'openjpeg' | 'openjph' | 'dcmjs-native';

/** Bytes of a WebAssembly file. */
export type WasmSource = (name: WasmName) => Promise<Uint8Array<ArrayBuffer> | ArrayBuffer>;

/** A compiled WebAssembly.Module; opaque here, since this room is typed without DOM and Node. */
export type CompiledWasm = object;

interface WebAssemblyAPI {
  compile(bytes: ArrayBuffer | Uint8Array): Promise<CompiledWasm>;
  instantiate(module: CompiledWasm, imports: object): Promise<WasmInstance>;
}
export interface WasmInstance {
  readonly exports: Record<string, unknown>;
}

const { WebAssembly: webAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyAPI };

let source: WasmSource | undefined;
const compiled = new Map<WasmName, Promise<CompiledWasm>>();

/** Called once per thread, before the first compressed frame. */
export function provideWasm(load: WasmSource): void {
  source = load;
  compiled.clear();
}

export async function compileWasm(name: WasmName): Promise<CompiledWasm> {
  let module = compiled.get(name);
  if (module === undefined) {
    if (source === undefined) throw new PhosphorError('internal', 'no source of WebAssembly files');
    module = source(name).then((bytes) => webAssembly.compile(bytes));
    // A failed load is tried again with the next frame.
    module.catch(() => compiled.delete(name));
    compiled.set(name, module);
  }
  return module;
}

export async function instantiateWasm(name: WasmName, imports: object): Promise<WasmInstance> {
  return webAssembly.instantiate(await compileWasm(name), imports);
}
