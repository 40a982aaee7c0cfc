/** Files whose pixels end too early are taken in and marked. */
export const statements = `
ALTER TABLE instances ADD COLUMN truncated INTEGER NOT NULL DEFAULT 0;
`;
