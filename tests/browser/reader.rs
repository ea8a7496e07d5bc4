//! A reader in front of the demo page.

use crate::app::TestApp;
use crate::driver::{Browser, Script};

/// A browser on the demo page of a service.
pub struct Reader<'a> {
    pub browser: Browser,
    app: &'a TestApp,
}

impl<'a> Reader<'a> {
    /// Opens the page, and lets some time pass as if the post was read.
    pub async fn at(app: &'a TestApp, script: Script) -> Self {
        let reader = Self { browser: Browser::start(script).await, app };
        reader.open("/demo").await;
        reader
    }

    pub async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.app.address)).await;
        self.app.pass(60);
    }

    /// Fills in the form and sends it.
    pub async fn comments(&self, name: &str, text: &str) {
        self.browser.fill("#comment", text).await;
        self.browser.fill("#name", name).await;
        self.browser.fill("#email", &format!("{}@mail.example", name.to_lowercase())).await;
        self.browser.click("#form button").await;
    }

    /// Waits for the words of what came of the comment.
    pub async fn is_told(&self, words: &str) {
        self.browser.wait_for("#outcome", words).await;
    }

    /// The end of every scenario: the console is empty, but for the statuses that were meant to come.
    pub async fn has_no_complaints(&self, expected: &[u16]) {
        let complaints = self.browser.complaints(expected).await;
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}
