declare module 'dcmjs' {
  interface Attribute {
    readonly vr: string;
    readonly Value: readonly Attributes[];
  }
  type Attributes = { readonly [tag: string]: Attribute | undefined };
  const dcmjs: {
    readonly data: { readonly DicomMessage: { readFile(bytes: ArrayBuffer): { readonly meta: Attributes; readonly dict: Attributes } } };
  };
  export default dcmjs;
}
