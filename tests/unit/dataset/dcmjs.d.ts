declare module 'dcmjs' {
  interface Attribute {
    readonly vr: string;
    readonly Value: readonly Attributes[];
  }
  type Attributes = { readonly [tag: string]: Attribute | undefined };
  /** A data set by the names of its attributes. */
  interface Naturalized {
    readonly [keyword: string]: unknown;
  }
  interface ToolClass {
    readonly toolType: string;
  }
  interface MeasurementReport {
    generateReport(
      toolState: Readonly<Record<string, object>>,
      metadata: { get(module: string, imageId: string): object | number | undefined },
    ): { readonly dataset: Naturalized };
    generateToolState(
      dataset: Naturalized,
      hooks: { getToolClass(group: Naturalized, dataset: Naturalized, classes: readonly ToolClass[]): ToolClass | undefined },
    ): Readonly<Record<string, readonly unknown[]>>;
  }
  const dcmjs: {
    readonly data: {
      readonly DicomMessage: { readFile(bytes: ArrayBuffer): { readonly meta: Attributes; readonly dict: Attributes } };
      readonly DicomMetaDictionary: { naturalizeDataset(dict: Attributes): Naturalized };
      datasetToDict(dataset: Naturalized): { write(): ArrayBufferLike };
    };
    readonly adapters: { readonly Cornerstone: { readonly MeasurementReport: MeasurementReport } };
  };
  export default dcmjs;
}
