/** The words of the view of rules, in both languages; loaded with it. */

import { picturesEn } from "./pictures-en";
import { picturesVi } from "./pictures-vi";
import { rulesEn } from "./rules-en";
import { rulesVi } from "./rules-vi";

export const LATER = {
  vi: { rules: rulesVi, pictures: picturesVi },
  en: { rules: rulesEn, pictures: picturesEn },
};
