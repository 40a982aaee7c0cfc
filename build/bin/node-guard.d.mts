export function ensureNode(script: string): Promise<void>;
export function isUsable(version: string): boolean;
