//! Faults of the configuration: one line that names source, key, fault and what is allowed.

mod bad;
mod files;
mod show;

use super::{moderato, run};

/// What is configured, and what the message must hold.
struct Case {
    file: &'static str,
    variables: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        file: "[http]\n\nlisen = \"127.0.0.1:0\"",
        variables: &[],
        says: &["mine.toml:3:", "http.lisen", "did you mean http.listen?"],
    },
    Case { file: "listen = \"127.0.0.1:0\"", variables: &[], says: &["mine.toml:1:", "did you mean http.listen?"] },
    Case { file: "[htttp]\nlisten = \"x\"", variables: &[], says: &["mine.toml:1:", "did you mean http?"] },
    Case { file: "[colours]\nx = 1", variables: &[], says: &["mine.toml:1:", "there are: auth, data_dir, demo, http"] },
    Case {
        file: "# mine\n[http]\nworkers = \"many\"",
        variables: &[],
        says: &["mine.toml:3:", "http.workers must be a whole number, not a text \"many\"", "Threads that answer"],
    },
    Case { file: "http = 3", variables: &[], says: &["mine.toml:1:", "http must be a table"] },
    Case { file: "[http]\nworkers = -1", variables: &[], says: &["mine.toml:2:", "http.workers", "from 0"] },
    Case { file: "[http]\nworkers = 100000", variables: &[], says: &["mine.toml:2:", "http.workers", "at most 1024"] },
    Case { file: "[http]\nlisten = \"here\"", variables: &[], says: &["mine.toml:2:", "http.listen", "a port"] },
    Case {
        file: "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"10.0.0.0/33\"]",
        variables: &[],
        says: &["mine.toml:2: http.trusted_proxies[1] must be a network", "or an address, not \"10.0.0.0/33\""],
    },
    Case {
        file: "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"0.0.0.0/0\"]",
        variables: &[],
        says: &["mine.toml:2: http.trusted_proxies must not hold 0.0.0.0/0 or ::/0"],
    },
    Case {
        file: "",
        variables: &[("MODERATO__HTTP__TRUSTED_PROXIES", "10.0.0.0/8")],
        says: &["MODERATO__HTTP__TRUSTED_PROXIES: http.trusted_proxies must be a list, not a text \"10.0.0.0/8\""],
    },
    Case {
        file: "[http]\nforwarded_header = \"x-real-ip\"",
        variables: &[],
        says: &["mine.toml:2: http.forwarded_header", "'x-forwarded-for' or 'forwarded'"],
    },
    Case {
        file: "[http]\npublic_url = \"blog.example\"",
        variables: &[],
        says: &["mine.toml:2: http.public_url must begin with http:// or https://", "Default \"\""],
    },
    Case {
        file: "[http]\npublic_url = \"https://blog.example/?a=b\"",
        variables: &[],
        says: &["mine.toml:2: http.public_url must not have a query or a fragment"],
    },
    Case {
        file: "",
        variables: &[("MODERATO__HTTP__PUBLIC_URL", "https://me:s3cret@blog.example")],
        says: &["MODERATO__HTTP__PUBLIC_URL: http.public_url must not have a user name or a password"],
    },
    Case {
        file: "[limits]\npublic = { count = 0, seconds = 60, burst = 60 }",
        variables: &[],
        says: &["mine.toml:2: limits.public.count must be from 1 to"],
    },
    Case { file: "[log]\nformat = \"xml\"", variables: &[], says: &["mine.toml:2:", "log.format", "'json'"] },
    Case { file: "[log]\nlevel = \"loud\"", variables: &[], says: &["mine.toml:2:", "log.level", "warn"] },
    Case { file: "data_dir = \"\"", variables: &[], says: &["mine.toml:1:", "data_dir"] },
    Case { file: "\n[http\n", variables: &[], says: &["mine.toml:2:", "is not TOML"] },
    Case {
        file: "[policy]\nfirst_coment = \"hold\"",
        variables: &[],
        says: &["mine.toml:2:", "did you mean policy.first_comment?"],
    },
    Case {
        file: "[auth]\noperator_key = \"tooshort\"",
        variables: &[],
        says: &["mine.toml:2:", "auth.operator_key", "at least 32"],
    },
    Case {
        file: "",
        variables: &[("MODERATO__HTTP__WORKRS", "3")],
        says: &["environment variable MODERATO__HTTP__WORKRS:", "did you mean MODERATO__HTTP__WORKERS?"],
    },
    Case {
        file: "",
        variables: &[("MODERATO__HTPP__LISTEN", "x")],
        says: &["environment variable MODERATO__HTPP__LISTEN:", "did you mean MODERATO__HTTP__LISTEN?"],
    },
    Case {
        file: "[http]\nworkers = 2",
        variables: &[("MODERATO__HTTP__WORKERS", "x")],
        says: &["environment variable MODERATO__HTTP__WORKERS:", "http.workers must be a whole number"],
    },
    Case { file: "", variables: &[("MODERATO__", "x")], says: &["environment variable MODERATO__:", "names no key"] },
    Case {
        file: "# mine\n[policy]\nhold_at = 200",
        variables: &[],
        says: &[
            "mine.toml:3: policy.hold_at must be at most policy.reject_at, which is 100 (the built-in config/moderato.toml:",
        ],
    },
    Case {
        file: "[policy]\nreject_at = 40",
        variables: &[],
        says: &["mine.toml:2: policy.reject_at must be at least policy.hold_at, which is 50 (the built-in"],
    },
    Case {
        file: "[policy]\nblatant_at = 70\nreject_at = 80",
        variables: &[],
        says: &["mine.toml:2: policy.blatant_at must be at least policy.reject_at, which is 80 (mine.toml:3)"],
    },
    Case {
        file: "[policy]\nreject_at = 60",
        variables: &[("MODERATO__POLICY__HOLD_AT", "61")],
        says: &[
            "MODERATO__POLICY__HOLD_AT: policy.hold_at must be at most policy.reject_at, which is 60 (mine.toml:2)",
        ],
    },
    Case {
        file: "[store]\nurl = \"postgres://:s3cret@host\"",
        variables: &[],
        says: &["mine.toml:2: store.url must be \"sqlite:\" or an address of Redis, not \"postgres:\""],
    },
    Case {
        file: "[store]\nurl = \"redis://:s3cret@host:port\"",
        variables: &[],
        says: &["mine.toml:2: store.url names a server (number 1) whose port is no number from 1 to 65535"],
    },
    Case {
        file: "[store]\nurl = \"redis+sentinel://:s3cret@host\"",
        variables: &[],
        says: &["mine.toml:2: store.url must name the primary that the Sentinels watch"],
    },
    Case {
        file: "[store]\ndurability = \"always\"",
        variables: &[],
        says: &["mine.toml:2: store.durability", "relaxed", "fsync", "replicated"],
    },
    Case {
        file: "[store]\nreplicas = 0",
        variables: &[],
        says: &["mine.toml:2: store.replicas must be from 1 to 10, not 0"],
    },
    Case {
        file: "[store]\nprefix = \"{a}\"",
        variables: &[],
        says: &["mine.toml:2: store.prefix must be 1 to 40 of a-z, 0-9, - and _, not \"{a}\""],
    },
    Case { file: "store.url = \"s3cret@host\"", variables: &[], says: &["mine.toml:1: store.url", "without a scheme"] },
    Case {
        file: "store.url = [\"s3cret\"]",
        variables: &[],
        says: &["mine.toml:1: store.url must be a text, not a list"],
    },
    Case { file: "auth = \"s3cret\"", variables: &[], says: &["mine.toml:1: auth must be a table, not a text"] },
    Case {
        file: "[policy]\ndomains = [\"a.example\", \"no domain\"]",
        variables: &[],
        says: &["mine.toml:2: policy.domains[1] ", "own domains"],
    },
    Case { file: "[policy]\nphrases = [3]", variables: &[], says: &["mine.toml:2: policy.phrases[0] must be a"] },
    Case {
        file: "",
        variables: &[("MODERATO__AUTH__OPERATOR_KEY_FILE", "/nowhere/key")],
        says: &["environment variable MODERATO__AUTH__OPERATOR_KEY_FILE:", "/nowhere/key cannot be read"],
    },
];

#[test]
fn every_fault_is_told_in_one_line_with_its_place() {
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), case.file).unwrap();
        let mut command = moderato(folder.path());
        command.args(["check", "--config", "mine.toml"]).envs(case.variables.iter().copied());
        let ran = run(&mut command).ends(1);
        assert!(ran.err.starts_with("moderato: ") && ran.err.lines().count() == 1 && ran.out.is_empty(), "{ran:?}");
        assert!(!ran.err.contains("s3cret") && ran.err.len() < 400, "{ran:?}");
        for said in case.says {
            assert!(ran.err.contains(said), "{said:?} is not in {:?}", ran.err);
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(moderato(folder.path()).args(["serve", "--config", "nowhere.toml"])).ends(1);
    assert!(ran.err.starts_with("moderato: nowhere.toml: cannot be read: "), "{ran:?}");
}

#[test]
fn secrets_stay_out_of_messages() {
    let folder = tempfile::tempdir().unwrap();
    for key in ["s3cret", "[\"s3cret\"]", "{ a = \"s3cret\" }"] {
        let ran = run(moderato(folder.path()).arg("check").env("MODERATO__AUTH__OPERATOR_KEY", key)).ends(1);
        assert!(!ran.err.contains("s3cret"), "{ran:?}");
        std::fs::write(folder.path().join("mine.toml"), format!("auth.operator_key = {key}")).unwrap();
        let ran = run(moderato(folder.path()).args(["check", "--config", "mine.toml"])).ends(1);
        assert!(!ran.err.contains("s3cret") || key == "s3cret", "{ran:?}");
    }
}

#[test]
fn the_environment_wins_over_the_file_and_other_variables_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), "[log]\nformat = \"json\"\n[http]\nworkers = 3").unwrap();
    std::fs::write(folder.path().join("key"), "0123456789abcdef0123456789abcdef\n").unwrap();
    let mut command = moderato(folder.path());
    command.args(["check", "--config", "mine.toml"]).env("MODERATO__HTTP__WORKERS", "2").env("MODERATO_DATA", "x");
    command.env("MODERATO__AUTH__OPERATOR_KEY_FILE", "key").env("MODERATO__LOG__LEVEL", "warn,moderato=debug");
    command.env("MODERATO__HTTP__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]");
    run(&mut command).ends(0);
}
