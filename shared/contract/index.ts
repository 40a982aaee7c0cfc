export * from './actions.ts';
export * from './commands.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './model.ts';
export * from './primitives.ts';
export * from './wire.ts';
