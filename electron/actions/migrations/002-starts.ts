/** How often an action was begun again at a start: one that ends the workstation each time must not do so for ever. */
export const migration = `
  ALTER TABLE actions ADD COLUMN resumed INTEGER NOT NULL DEFAULT 0;
`;
