import '@fontsource-variable/inter/wght.css';
import './ui/tokens.css';
import './ui/base.css';
import '@mantine/core/styles.layer.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { styleNonce } from './api/index.ts';
import { App } from './app/App.tsx';
import { beginWindow } from './app/popped-out.ts';
import { startSession } from './app/session.ts';
import { catalogue } from './i18n/index.ts';
import { cssVariables, theme } from './ui/theme.ts';

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <I18nextProvider i18n={catalogue}>
        <MantineProvider theme={theme} cssVariablesResolver={cssVariables} forceColorScheme="dark" getStyleNonce={styleNonce}>
          <App />
        </MantineProvider>
      </I18nextProvider>
    </StrictMode>,
  );
}
beginWindow();
void startSession();
