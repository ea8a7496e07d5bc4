//! `simulate`: a draft of a policy tried on decided comments, on the command line.

use moderato::domain::{Comment, DecisionAction, Reason};
use serde_json::{Value, json};

use super::leaving::{House, block_on};
use super::serving::Serving;
use super::{Ran, moderato, run};

/// Held by its score.
const PHRASE: &str = "Ana said so before. Feel free to visit my homepage, too.";

fn by(name: &str, content: &str) -> Value {
    json!({"post": {"id": "1"}, "author": {"name": name, "email": format!("{name}@mail.example")}, "content": content})
}

/// A store with a spam, an honest and an unkind comment, as people decided them; the answer is the spam.
fn filled(folder: &std::path::Path) -> Comment {
    block_on(async {
        let house = House::new(folder).await;
        let spam = house.submit(by("eve", PHRASE)).await;
        house.decide(spam.id, DecisionAction::Reject, Some(Reason::Spam)).await;
        let honest = house.submit(by("ana", "I have read this twice by now.")).await;
        house.decide(honest.id, DecisionAction::Approve, None).await;
        let unkind = house.submit(by("kim", "Whoever wrote this cannot write.")).await;
        house.decide(unkind.id, DecisionAction::Reject, Some(Reason::Abuse)).await;
        house.submit(by("joe", "Nobody has decided this one.")).await;
        spam
    })
}

fn simulate(folder: &std::path::Path, draft: &str, more: &[&str]) -> Ran {
    std::fs::write(folder.join("draft.toml"), draft).unwrap();
    run(moderato(folder).args(["simulate", "--site", "demo", "--policy", "draft.toml"]).args(more))
}

#[test]
fn a_draft_is_told_in_words_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let spam = filled(folder.path());
    let draft = "first_comment = \"screen\"\n[rules.blocked_phrase]\npoints = 30\n";
    let told = simulate(folder.path(), draft, &["--format", "json"]).ends(0).json();
    assert_eq!((&told["comments"], &told["replayed"]), (&json!(3), &json!(3)), "{told}");
    assert_eq!(told["flips"], json!({"hold->approve": {"approved": 1, "spam": 1, "other": 1}}));
    let because = json!([{"key": "rules.blocked_phrase", "now": 50, "draft": 30}, {"key": "first_comment"}]);
    assert_eq!((&told["examples"][0]["id"], &told["examples"][0]["because"]), (&json!(spam.id), &because));
    let ran = simulate(folder.path(), draft, &[]).ends(0);
    for line in [
        "Site demo: the last 3 decided comments, in ",
        "policy in force (",
        "draft (",
        "  people said  comments  approve  hold  reject\n  approved            1        0     1       0",
        "  published    0      1      +1\n  disturbed    1      0      -1\n  lost         0      0       0\n",
        "  hold -> approve         3         1     1      1\n",
        "  first_comment                3       1      1\n",
        "rules.blocked_phrase (+50 now, +30 then), first_comment\n",
    ] {
        assert!(ran.out.contains(line), "{line:?} in {}", ran.out);
    }
    assert!(!ran.out.contains("mail.example") && !ran.out.contains("homepage"), "{}", ran.out);
    let one = simulate(folder.path(), draft, &["--last", "1", "--examples", "0", "--format", "json"]).ends(0).json();
    assert_eq!((&one["comments"], &one["examples"]), (&json!(1), &json!([])));
}

#[test]
fn a_draft_is_laid_over_what_the_site_overrides_also_beside_a_running_service() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    block_on(async {
        let house = House::new(folder.path()).await;
        let Value::Object(own) = json!({"first_comment": "screen"}) else { unreachable!() };
        let own = moderato::domain::SiteOverrides(own);
        house.service.override_policy(&"demo".parse().unwrap(), own, None).await.unwrap();
    });
    let serving = Serving::start(folder.path());
    let told = simulate(folder.path(), "hold_at = 60\n", &["--format", "json"]).ends(0).json();
    assert_eq!(told["flips"], json!({"hold->approve": {"approved": 0, "spam": 1, "other": 0}}));
    let nothing = simulate(folder.path(), "", &[]).ends(0).out;
    assert!(nothing.contains("what the draft would treat otherwise\n  nothing\n"), "{nothing}");
    drop(serving);
}

#[test]
fn a_draft_that_cannot_be_one_is_refused_with_its_fault() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let fault = |draft: &str| simulate(folder.path(), draft, &[]).ends(1).err;
    assert!(fault("hold_at = 200\n").contains("draft.toml: the policy is not valid: reject_at must be at least"));
    assert!(fault("[rules.nonsense]\nmode = \"on\"\n").contains("rules.nonsense"));
    assert!(fault("hold_at = 60\nhold_at = 70\n").contains("draft.toml is not TOML: line 2:"));
    std::fs::write(folder.path().join("draft.toml"), "").unwrap();
    let missing = run(moderato(folder.path()).args(["simulate", "--site", "demo", "--policy", "nowhere.toml"])).ends(1);
    assert!(missing.err.contains("nowhere.toml cannot be read"), "{}", missing.err);
    let site = run(moderato(folder.path()).args(["simulate", "--site", "other", "--policy", "draft.toml"])).ends(1);
    assert!(site.err.contains("there is no site other"), "{}", site.err);
    let too_many = simulate(folder.path(), "", &["--last", "20001"]).ends(2).err;
    assert!(too_many.contains("must be a whole number from 1 to 20000"), "{too_many}");
}
