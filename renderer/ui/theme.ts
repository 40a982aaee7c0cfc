import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const tuple = (token: string): MantineColorsTuple => {
  const color = `var(--${token})`;
  return [color, color, color, color, color, color, color, color, color, color];
};

/** Mantine in our tokens: it brings behaviour and accessibility, no colour, size or motion of its own. */
export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontSmoothing: true,
  primaryColor: 'accent',
  primaryShade: 5,
  colors: { accent: tuple('accent') },
  defaultRadius: 'var(--radius)',
  focusRing: 'always',
  respectReducedMotion: true,
  cursorType: 'default',
  fontSizes: { xs: '13px', sm: '13px', md: '13px', lg: '13px', xl: '16px' },
  lineHeights: { xs: '18px', sm: '18px', md: '18px', lg: '18px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '2px', sm: '4px', md: '4px', lg: '4px', xl: '4px' },
  fontWeights: { regular: '400', medium: '600', bold: '600' },
  components: {
    Tooltip: { defaultProps: { openDelay: 500, transitionProps: { duration: 0 }, withArrow: false, offset: 4, multiline: true } },
    Menu: { defaultProps: { transitionProps: { duration: 0 }, offset: 2, withArrow: false, shadow: 'none' } },
    Button: { defaultProps: { size: 'xs', variant: 'default' } },
    ActionIcon: { defaultProps: { size: 28, variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: { size: 'xs' } },
    Textarea: { defaultProps: { size: 'xs' } },
    NativeSelect: { defaultProps: { size: 'xs' } },
    Checkbox: { defaultProps: { size: 'xs' } },
    Switch: { defaultProps: { size: 'xs' } },
  },
});

const DARK = {
  '--mantine-color-body': 'var(--bg-0)',
  '--mantine-color-text': 'var(--text-1)',
  '--mantine-color-dimmed': 'var(--text-2)',
  '--mantine-color-placeholder': 'var(--text-3)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default': 'var(--bg-2)',
  '--mantine-color-default-hover': 'var(--bg-3)',
  '--mantine-color-default-color': 'var(--text-1)',
  '--mantine-color-default-border': 'var(--line)',
  '--mantine-color-error': 'var(--error)',
  '--mantine-color-disabled': 'var(--bg-1)',
  '--mantine-color-disabled-color': 'var(--text-3)',
  '--mantine-color-disabled-border': 'var(--line)',
  '--mantine-color-dark-4': 'var(--line)',
  '--mantine-color-dark-5': 'var(--bg-3)',
  '--mantine-color-dark-6': 'var(--bg-2)',
  '--mantine-color-dark-7': 'var(--bg-1)',
  '--mantine-color-gray-light-hover': 'var(--bg-3)',
  '--mantine-color-gray-light-color': 'var(--text-2)',
  '--mantine-primary-color-filled': 'var(--accent)',
  '--mantine-primary-color-filled-hover': 'var(--accent)',
  '--mantine-primary-color-contrast': 'var(--on-accent)',
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, dark: DARK, light: DARK });
