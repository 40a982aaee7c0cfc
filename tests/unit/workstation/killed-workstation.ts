import { openWorkstation } from '../../../electron/workstation/index.ts';

// A workstation process for a test to kill: opens the profile, adds the node, starts a retrieve, and says so over the IPC channel.

const [profile = '', port = '', pacsPort = '', studyInstanceUID = ''] = process.argv.slice(2);
const workstation = await openWorkstation({ profile, port: Number(port), version: 'test' });
const draft = { name: 'PACS', host: '127.0.0.1', port: Number(pacsPort), aeTitle: 'SCRIPTED', method: 'move' } as const;
const { node } = await workstation.invoke('nodes.add', { node: draft });
const action = { command: 'retrieve', nodeId: node.nodeId, studyInstanceUID } as const;
const { actionId } = await workstation.invoke('actions.request', { action, tag: 'kept' });
process.send?.({ actionId });
