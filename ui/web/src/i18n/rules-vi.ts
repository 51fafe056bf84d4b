/** The view of rules in Vietnamese. */

import type { Dictionary } from "./en";

export const rulesVi: Dictionary["rules"] = {
  title: "Luật",
};
