import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { licences } from './build/scripts/licences.ts';
import { pdfData } from './build/scripts/pdf-data.ts';

/** The renderer: one bundle for the desktop window (pacs://app) and for the loopback window (http://127.0.0.1). */
export default defineConfig({
  root: 'renderer',
  base: '/',
  plugins: [react(), licences(), pdfData()],
  // Filled in by the host for every page it serves (electron/hosts/static-files.ts).
  html: { cspNonce: '__CSP_NONCE__' },
  worker: { format: 'es' },
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'chrome140',
    // A strict Content-Security-Policy allows no data: URLs for code, fonts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 2000,
  },
});
