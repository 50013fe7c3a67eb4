//! What the stores of secrets accept, and what they refuse without a word of a secret.

use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::*;

const ALL: [&str; 8] = STORABLE;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn of_folder(folder: &TempDir) -> SecretStoreSettings {
    SecretStoreSettings { secrets_dir: Some(folder.path().to_owned()), ..SecretStoreSettings::default() }
}

fn of_command(command: &str) -> SecretStoreSettings {
    SecretStoreSettings { secrets_command: Some(command.to_owned()), ..SecretStoreSettings::default() }
}

/// What a setting has in the end that began with `given`.
fn filled(stored: &mut StoredSecrets, key: &str, given: Option<&str>) -> Option<String> {
    let mut setting = given.map(SecretString::from);
    stored.fill(key, &mut setting);
    setting.map(|setting| setting.expose_secret().to_owned())
}

#[test]
fn without_a_store_settings_stay_as_they_are() {
    let empty = SecretStoreSettings {
        secrets_dir: Some(PathBuf::new()),
        secrets_command: Some(" ".to_owned()),
        ..SecretStoreSettings::default()
    };
    for settings in [SecretStoreSettings::default(), empty] {
        let mut stored = settings.read(&ALL).unwrap();
        assert_eq!(filled(&mut stored, "JWT_SECRET", None), None);
        assert_eq!(filled(&mut stored, "JWT_SECRET", Some("own")).as_deref(), Some("own"));
        assert_eq!(stored.used().count(), 0);
    }
}

#[test]
fn a_setting_takes_precedence_over_the_folder_and_the_folder_over_the_command() {
    let folder = folder(&[("JWT_SECRET", "folder's jwt\n"), ("TICKET_KEY", " folder's key "), ("README", "hello")]);
    let command = "printf 'JWT_SECRET=c\\nTICKET_KEY=c\\n# a comment\\n\\nREDIS_URL=redis://u:p=@h \\nHOME=/x\\n'";
    let settings = SecretStoreSettings { secrets_dir: Some(folder.path().to_owned()), ..of_command(command) };
    let mut stored = settings.read(&ALL).unwrap();
    assert_eq!(filled(&mut stored, "JWT_SECRET", Some("own")).as_deref(), Some("own"));
    assert_eq!(filled(&mut stored, "TICKET_KEY", None).as_deref(), Some("folder's key"));
    assert_eq!(filled(&mut stored, "REDIS_URL", None).as_deref(), Some("redis://u:p=@h"), "up to the first =");
    assert_eq!(filled(&mut stored, "SERVICE_TOKEN", None), None);
    assert_eq!(stored.used, [("TICKET_KEY", DIR), ("REDIS_URL", COMMAND)]);
    assert_eq!(stored.ignored_lines, 1);
    assert!(!format!("{stored:?}").contains("folder's jwt"), "{stored:?}");
}

#[test]
fn files_of_kubernetes_are_links() {
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("..2026")).unwrap();
    fs::write(folder.path().join("..2026/SERVICE_TOKEN"), "token").unwrap();
    std::os::unix::fs::symlink("..2026", folder.path().join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/SERVICE_TOKEN", folder.path().join("SERVICE_TOKEN")).unwrap();
    let mut stored = of_folder(&folder).read(&ALL).unwrap();
    assert_eq!(filled(&mut stored, "SERVICE_TOKEN", None).as_deref(), Some("token"));
}

#[test]
fn only_wanted_secrets_are_read() {
    let folder = folder(&[("JWT_SECRET", ""), ("DATABASE_URL", "sqlite:x.db")]);
    let mut stored = of_folder(&folder).read(&["DATABASE_URL"]).unwrap();
    assert_eq!(filled(&mut stored, "DATABASE_URL", None).as_deref(), Some("sqlite:x.db"));
    let mut stored = of_command("echo JWT_SECRET=x").read(&["DATABASE_URL"]).unwrap();
    assert_eq!(filled(&mut stored, "JWT_SECRET", None), None);
}

#[test]
fn an_unusable_folder_is_refused() {
    let large = "x".repeat(MAX_BYTES as usize + 1);
    let names = ["jwt_secret", "JWT_SECRET.txt", "JWT_SECRETS"].map(|name| (name, "hunter2"));
    for (folder, told) in [
        (folder(&[]), "has no file named as a secret: JWT_SECRET, TICKET_KEY"),
        (folder(&names), "has no file named as a secret"),
        (folder(&[("JWT_SECRET", " \n")]), "JWT_SECRET: is empty"),
        (folder(&[("DATABASE_URL", &large)]), "DATABASE_URL: has more than 65536 bytes"),
    ] {
        let error = of_folder(&folder).read(&ALL).unwrap_err();
        assert!(error.key == DIR && error.why.contains(told) && !error.why.contains("hunter2"), "{error}");
        assert!(!error.may_pass, "a service is not restarted for it");
    }

    let folder = folder(&[]);
    fs::write(folder.path().join("JWT_SECRET"), b"hunter2\xff").unwrap();
    fs::create_dir(folder.path().join("TICKET_KEY")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("REDIS_URL")).unwrap();
    for (key, told) in [("JWT_SECRET", "UTF-8"), ("TICKET_KEY", "is not a file"), ("REDIS_URL", "No such file")] {
        let error = of_folder(&folder).read(&[key]).unwrap_err();
        assert!(error.why.contains(key) && error.why.contains(told) && !error.why.contains("hunter2"), "{error}");
    }
    let missing = SecretStoreSettings { secrets_dir: Some("/nonexistent".into()), ..SecretStoreSettings::default() };
    assert_eq!(missing.read(&ALL).unwrap_err().key, DIR);
}

#[test]
fn the_output_of_a_command_is_refused_without_being_quoted() {
    for (command, told) in [
        ("true", "printed no secret"),
        ("echo HUNTER2=hunter2", "printed no secret"),
        ("echo jwt_secret=hunter2", "printed no secret"),
        ("echo JWT_SECRET=x; echo hunter2", "line 2 is not SETTING=value"),
        ("echo JWT_SECRET=hunter2; echo JWT_SECRET=hunter2", "printed JWT_SECRET twice, again in line 2"),
        ("echo TICKET_KEY=x; echo JWT_SECRET=", "printed an empty JWT_SECRET in line 2"),
        ("printf 'JWT_SECRET=hunter2\\377'", "not UTF-8"),
    ] {
        let error = of_command(command).read(&ALL).unwrap_err();
        assert!(error.key == COMMAND && error.why.contains(told), "{command}: {error}");
        assert!(!error.why.to_lowercase().contains("hunter2") && !error.may_pass, "{command}: {error}");
    }
}

#[test]
fn a_command_that_fails_may_be_tried_again() {
    let error = of_command("echo JWT_SECRET=hunter2; echo hunter2 >&2; exit 3").read(&ALL).unwrap_err();
    assert!(error.may_pass && error.why.contains("exit status: 3") && !error.why.contains("hunter2"), "{error}");
}
