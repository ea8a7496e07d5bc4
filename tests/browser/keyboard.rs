//! The page by keyboard alone.

use crate::app::TestApp;
use crate::driver::Script;
use crate::reader::Reader;

/// Keys as WebDriver names them.
const TAB: &str = "\u{E004}";
const ENTER: &str = "\u{E007}";
const SPACE: &str = " ";

impl Reader<'_> {
    /// Presses Tab until this has the focus, and answers what had it on the way.
    async fn tabs_to(&self, id: &str) -> Vec<String> {
        let mut passed = Vec::new();
        for _ in 0..30 {
            self.browser.press(TAB).await;
            let focused = self.browser.focused().await;
            if focused == id {
                return passed;
            }
            passed.push(focused);
        }
        panic!("{id} is never reached; {passed:?} are");
    }
}

#[test]
fn everything_can_be_done_by_keyboard_and_the_trap_is_never_met() {
    TestApp::run(async |app| {
        let reader = Reader::at(app, Script::On).await;
        reader.browser.press(TAB).await;
        reader.browser.press(ENTER).await;
        reader.browser.wait_for_focus("main").await;
        let mut passed = reader.tabs_to("comment").await;
        reader.browser.press("Written without a mouse.").await;
        passed.extend(reader.tabs_to("name").await);
        reader.browser.press("Gil").await;
        passed.extend(reader.tabs_to("email").await);
        reader.browser.press("gil").await;
        passed.extend(reader.tabs_to("remember").await);
        reader.browser.press(SPACE).await;
        assert_eq!(reader.browser.property("#remember", "checked").await, true);
        reader.browser.press(TAB).await;
        let ring = "return [document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]";
        assert_eq!(reader.browser.run(ring).await, serde_json::json!(["BUTTON", "solid"]));
        reader.browser.press(ENTER).await;

        // The fault is where the focus is, and its link leads to the field.
        reader.browser.wait_for("#email-fault", "does not look like an e-mail address").await;
        reader.browser.wait_for_focus("summary").await;
        reader.browser.press(TAB).await;
        reader.browser.press(ENTER).await;
        reader.browser.wait_for_focus("email").await;
        reader.browser.press("\u{E010}@mail.example").await;
        reader.browser.press(ENTER).await;
        reader.is_told("waiting for approval").await;
        reader.browser.wait_for_focus("outcome").await;
        assert!(!passed.contains(&"topic".to_owned()), "{passed:?}");
        reader.has_no_complaints(&[422]).await;
    });
}
