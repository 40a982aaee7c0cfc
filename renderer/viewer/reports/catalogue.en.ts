/** Words about keeping, writing and reading marks, in English; namespace `reports`. */
export const reportsEnglish = {
  keeping: {
    failed: 'Marks are not saved: the workstation does not take them now. It is tried again.',
    'too-long': 'Marks are not saved any more: there are more than a study can keep. Delete some.',
    unreadable: 'Marks are not saved: what is kept for this study cannot be read.',
  },
};
