// Filled by the live line of every page.
