import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { CHANNEL } from './bridge-channels.ts';

/** `window.phosphor` (renderer/api/bridge-transport.ts): built into one CommonJS file, as a sandboxed preload must be. */
contextBridge.exposeInMainWorld('phosphor', {
  invoke: (command: string, args: unknown): Promise<unknown> => ipcRenderer.invoke(CHANNEL.invoke, command, args),
  listen(onEvent: (event: unknown) => void, onSkipped: () => void): void {
    ipcRenderer.removeAllListeners(CHANNEL.event);
    ipcRenderer.removeAllListeners(CHANNEL.skipped);
    ipcRenderer.on(CHANNEL.event, (_event, data: unknown) => onEvent(data));
    ipcRenderer.on(CHANNEL.skipped, () => onSkipped());
    ipcRenderer.send(CHANNEL.listen);
  },
  acknowledge: (count: number): void => ipcRenderer.send(CHANNEL.acknowledge, count),
  pathOfFile: (file: File): string => webUtils.getPathForFile(file),
});
