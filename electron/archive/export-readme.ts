/** What a person without a DICOM program finds on a medium. No patient data. */
export const README = [
  'This medium holds medical images in the DICOM format (DICOM PS3.10, PS3.11).',
  '',
  'They are opened with a DICOM viewer: have it open this folder, or the file',
  'DICOMDIR in it. The files themselves lie in the folder DICOM; they have no',
  'extension, and their names mean nothing.',
  '',
  'Not every DICOM viewer is made for diagnosis; ask your radiology department.',
  'The images are personal health data: keep this medium safe, and erase or',
  'destroy it when it is no longer needed.',
  '',
].join('\r\n');
