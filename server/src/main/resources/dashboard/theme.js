'use strict';
// Before the first paint: the theme that the user chose last.
(function () {
  try {
    const theme = localStorage.getItem('millrace-theme');
    if (theme === 'light' || theme === 'dark') {
      document.documentElement.dataset.theme = theme;
    }
  } catch (e) {
    // no storage: the system's theme
  }
})();
