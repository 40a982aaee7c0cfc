import { build, type InlineConfig } from 'vite';

/**
 * Vite's build for production, whatever NODE_ENV this process has: under a test runner's `test` the window would carry React's development
 * build, several times slower. Rejects with Vite's error.
 */
export async function productionBuild(config: InlineConfig): Promise<Awaited<ReturnType<typeof build>>> {
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  try {
    return await build({ mode: 'production', ...config });
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
  }
}
