/** The view of rules in English. */

export const rulesEn = {
  title: "Rules",
};
