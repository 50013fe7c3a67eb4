//! TLS between map servers and their directory.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use realmgate_tests::{Api, Home, MapServer, Settings, SidecarProcess, until};

/// A certificate of this machine, which nobody but itself has signed.
struct Certificate {
    file: String,
    key: String,
    pem: String,
}

impl Certificate {
    fn write(home: &Home) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost", "127.0.0.1"].map(str::to_owned));
        let made = made.expect("a certificate can be made");
        let write = |name: &str, pem: &str| {
            let path = home.path(name);
            std::fs::write(&path, pem).expect("a file can be written");
            path.to_str().expect("a plain path").to_owned()
        };
        let pem = made.cert.pem();
        Self { file: write("cert.pem", &pem), key: write("key.pem", &made.signing_key.serialize_pem()), pem }
    }

    fn settings(&self) -> [(&str, &str); 2] {
        [("TLS_CERT_FILE", &self.file), ("TLS_KEY_FILE", &self.key)]
    }
}

/// A map server elsewhere: it knows the directory's URL alone.
fn elsewhere(home: &Home, sidecar: &SidecarProcess) -> Settings {
    let url = format!("https://localhost:{}", sidecar.ready.directory_addr.port());
    Settings::in_home(home).set("WORLD_DIRECTORY_URL", &url)
}

#[tokio::test]
async fn a_map_server_joins_whom_it_can_believe() {
    let home = Home::new();
    let certificate = Certificate::write(&home);
    let sidecar = SidecarProcess::start_in(&home, &certificate.settings()).await;

    let doubtful = elsewhere(&home, &sidecar).spawn();
    until("a registration has failed", async || {
        doubtful.stderr().contains("registration 1 of 10 failed").then_some(())
    })
    .await;
    assert!(doubtful.stderr().contains("certificate"), "it says why{}", doubtful.told());
    drop(doubtful);

    let settings = elsewhere(&home, &sidecar).set("DIRECTORY_CA_FILE", &certificate.file);
    let server = MapServer::start_linked(&settings).await;
    let directory = Api::at(&format!("https://{}", sidecar.ready.directory_addr)).believing(&certificate.pem);
    let directory = directory.with_token(&home.secret("service_token"));
    // The map server knows of its link a moment before the directory does.
    until("the directory lists it as linked", async || {
        let servers = directory.get("/map-registry/servers").await.json(200);
        assert_eq!(servers[0]["id"], server.ready.server_id.as_str());
        (servers[0]["linked"] == true).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_private_key_that_everybody_can_read_is_warned_of() {
    let home = Home::new();
    let certificate = Certificate::write(&home);
    for (mode, is_open) in [(0o644, true), (0o640, false)] {
        std::fs::set_permissions(&certificate.key, Permissions::from_mode(mode)).expect("it is our file");
        let sidecar = SidecarProcess::start_in(&home, &certificate.settings()).await;
        let warning = format!("every user of this machine can read {}", certificate.key);
        assert_eq!(sidecar.process.stderr().contains(&warning), is_open, "mode {mode:o}{}", sidecar.process.told());
        sidecar.stop().await;
    }
}

#[tokio::test]
async fn one_with_the_settings_of_the_directory_needs_no_more() {
    let home = Home::new();
    let certificate = Certificate::write(&home);
    let with_tls = |settings: Settings| {
        certificate.settings().iter().fold(settings, |settings, (key, value)| settings.set(key, value))
    };
    let server = MapServer::start_linked(&with_tls(Settings::in_home(&home))).await;
    assert!(server.ready.directory.starts_with("https://"), "{}", server.ready.directory);
    let api = Api::at(&format!("https://{}", server.ready.api.unwrap())).believing(&certificate.pem);
    api.get("/readyz").await.json(200);

    let address = server.ready.directory.trim_start_matches("https://");
    let second = with_tls(Settings::in_home(&home)).map(2).set("DIRECTORY_ADDR", address);
    let second = MapServer::start_linked(&second).await;
    assert_eq!(second.ready.directory, server.ready.directory, "it has joined the first");

    // As the server manager starts one: by the address, which may not be a name in the certificate.
    let third = with_tls(Settings::in_home(&home)).map(3).set("WORLD_DIRECTORY_URL", &server.ready.directory);
    let third = MapServer::start_linked(&third).await;
    assert_eq!(third.ready.directory, server.ready.directory, "so has the third");
}
