//! The processes of `deploy/compose/compose.yaml`, with its settings, as an operator prepares them, but without containers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::entry::Entry;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::link::LeaveReason;
use realmgate_services::OwnRedis;
use realmgate_tests::account::fresh_name;
use realmgate_tests::binaries::{binaries, workspace};
use realmgate_tests::home::read;
use realmgate_tests::process::command;
use realmgate_tests::{Api, Database, Home, MapServer, Process, Settings, SidecarProcess, TestDatabase, until};
use serde::Deserialize;

const FOLDER: &str = "deploy/compose";
/// All migrations, on a disk that has much to do.
const MIGRATES_WITHIN: Duration = Duration::from_secs(120);
const PASSWORD: &str = "correct horse battery";

/// As much of a compose file as names the processes.
#[derive(Debug, Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

/// The folder that an operator starts from: `init.sh` has run, and `.env` is filled in.
struct Realm {
    compose: Compose,
    variables: BTreeMap<String, String>,
    secrets: PathBuf,
    database_url: String,
    redis_url: String,
}

impl Realm {
    async fn prepare(home: &Home, database: &TestDatabase, redis: &OwnRedis) -> Self {
        let folder = home.copy_of(&workspace().join(FOLDER), "compose");
        // That of a realm which somebody runs from this checkout.
        let _ = std::fs::remove_file(folder.join(".env"));
        let mut init = command(Path::new("/bin/sh"));
        init.arg(folder.join("init.sh")).env("PATH", "/usr/bin:/bin");
        let init = Process::start(home, init).finished().await;
        assert_eq!(init.code, Some(0), "init.sh: {}", init.stderr);

        let mut variables = variables(&read(&folder.join(".env")));
        for (name, value) in [("SERVER_IP", "127.0.0.1"), ("PUBLIC_HOST", "realm.example")] {
            let before = variables.insert(name.to_owned(), value.to_owned());
            assert_eq!(before.as_deref(), Some(""), "{name} is what an operator fills in");
        }
        let compose = serde_saphyr::from_str(&read(&folder.join("compose.yaml"))).expect("it is a compose file");
        Self {
            compose,
            variables,
            secrets: folder.join("secrets"),
            database_url: database.url(),
            redis_url: redis.url.clone(),
        }
    }

    fn service(&self, name: &str) -> &Service {
        self.compose.services.get(name).unwrap_or_else(|| panic!("compose.yaml has no service {name}"))
    }

    /// The environment of a service, with places of this machine for hosts, ports and folders of the containers.
    fn environment(&self, service: &str, directory: Option<SocketAddr>) -> Vec<(String, String)> {
        let password = self.variables.get("POSTGRES_PASSWORD").expect("init.sh has made one");
        let directory = directory.map(|address| ("http://directory:3001".to_owned(), format!("http://{address}")));
        let mut places = vec![
            (format!("postgres://realmgate:{password}@postgres:5432/realmgate"), self.database_url.clone()),
            ("redis://redis:6379".to_owned(), self.redis_url.clone()),
            ("/run/secrets".to_owned(), self.secrets.to_str().expect("a path of text").to_owned()),
        ];
        places.extend(directory);
        places.extend([3000, 3001, 3002, 3003].map(|port| (format!("0.0.0.0:{port}"), "127.0.0.1:0".to_owned())));
        let environment = self.service(service).environment.iter().map(|(key, value)| {
            let value = filled_in(value, &self.variables);
            let value = places.iter().fold(value, |value, (theirs, ours)| value.replace(theirs, ours));
            (key.clone(), value)
        });
        environment.collect()
    }

    fn service_token(&self) -> String {
        read(&self.secrets.join("service_token"))
    }

    async fn migrate(&self, home: &Home) {
        let arguments = arguments(self.service("migrate"), "sidecar");
        let mut migrate = command(&binaries().sidecar);
        migrate.args(arguments).env("DATA_DIR", home.data_dir()).envs(self.environment("migrate", None));
        let finished = Process::start(home, migrate).finished_within(MIGRATES_WITHIN).await;
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    }

    async fn sidecar(&self, service: &str) -> SidecarProcess {
        assert_eq!(arguments(self.service(service), "sidecar"), ["serve"]);
        let environment = self.environment(service, None);
        let settings: Vec<_> = environment.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        SidecarProcess::start_in(&Home::new(), &settings).await
    }

    /// A map server that finds the directory at this sidecar; in a container it is either of the two.
    async fn map_server(&self, service: &str, sidecar: &SidecarProcess) -> MapServer {
        let arguments = arguments(self.service(service), "start_server");
        let [map, _port] = arguments else { panic!("start_server <map_id> <port>, not {arguments:?}") };
        let settings = Settings::new().map(map.parse().expect("the number of a map"));
        let environment = self.environment(service, Some(sidecar.ready.directory_addr));
        let settings = environment.iter().fold(settings, |settings, (key, value)| settings.set(key, value));
        MapServer::start_linked(&settings).await
    }

    /// The directory as a sidecar has it.
    fn directory(&self, sidecar: &SidecarProcess) -> Api {
        Api::new(sidecar.ready.directory_addr).with_token(&self.service_token())
    }
}

/// What follows the name of the program.
fn arguments<'s>(service: &'s Service, program: &str) -> &'s [String] {
    match service.command.split_first() {
        Some((first, arguments)) if first == program => arguments,
        _ => panic!("{program} is expected, not {:?}", service.command),
    }
}

/// The lines `NAME=VALUE` of a file of variables.
fn variables(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A text with the values of `${NAME:-default}` and `${NAME:?message}`, as compose fills them in.
fn filled_in(text: &str, variables: &BTreeMap<String, String>) -> String {
    let (mut whole, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        let (expression, behind) = after.split_once('}').expect("a variable ends with a brace");
        let (name, otherwise) = expression.split_once(':').expect("a variable has a default or a message");
        let given = variables.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let value = given.or_else(|| otherwise.strip_prefix('-'));
        whole += before;
        whole += value.unwrap_or_else(|| panic!("{name}: {otherwise}"));
        rest = behind;
    }
    whole + rest
}

async fn until_ready(sidecar: &SidecarProcess) {
    let api = sidecar.api();
    until("the sidecar is ready, with its database and Redis", async || {
        let answer = api.get("/readyz").await;
        (answer.status == 200 && answer.json(200)["status"] == "ready").then_some(())
    })
    .await;
}

#[test]
fn variables_are_filled_in_as_compose_does() {
    let known = variables("# NAME=comment\nNAME=a\n\nEMPTY=\n");
    assert_eq!(filled_in("x://${NAME:?set it}:{port}/${EMPTY:-b}${GONE:-}", &known), "x://a:{port}/b");
    assert_eq!(filled_in("{port}", &known), "{port}");
}

#[tokio::test]
async fn a_player_enters_the_realm_of_compose_through_the_second_sidecar() {
    let Some(database) = TestDatabase::create().await else { return };
    let Some(redis) = OwnRedis::start().await else { return };
    let home = Home::new();
    let realm = Realm::prepare(&home, &database, &redis).await;
    realm.migrate(&home).await;
    let (first, second) = tokio::join!(realm.sidecar("sidecar-1"), realm.sidecar("sidecar-2"));
    until_ready(&first).await;
    until_ready(&second).await;

    let (map_1, map_2) = tokio::join!(realm.map_server("map-1", &first), realm.map_server("map-2", &second));
    for sidecar in [&first, &second] {
        let listed = realm.directory(sidecar).get("/map-registry/servers").await.json(200);
        let servers = listed.as_array().expect("a list");
        let maps: BTreeSet<u64> = servers.iter().filter_map(|server| server["supported_maps"][0].as_u64()).collect();
        assert_eq!(maps, BTreeSet::from([1, 2]), "each sidecar knows both map servers: {listed}");
    }

    let api = |sidecar: &SidecarProcess| realmgate_client::api::Api::new(&format!("http://{}", sidecar.ready.api_addr));
    let name = fresh_name("walker");
    api(&first).register(&name, PASSWORD).await.expect("an account");
    let api = api(&second);
    let token = api.login(&name, PASSWORD).await.expect("the second sidecar knows the account").access_token;
    let classes = api.classes().await.expect("classes");
    let character = api.create_character(&token, &fresh_name("Walker "), &classes[0].id).await.expect("a character");
    let mut entry = Entry::new(&format!("ws://{}", second.ready.gateway_addr), &token, &character.id);
    let client = entry.enter(None, &Setup::new(Clock::start())).await.expect("in the world");
    assert_eq!(client.session().welcome().map(|welcome| welcome.map), Some(MapId(1)));
    let stored = Database::at(&database.url()).await.character(&character.id).await;
    assert_eq!(stored.lock_owner, "map:map-server-1");
    assert_eq!(client.log_out().await.left, Some(LeaveReason::Logout));

    // In the order in which compose stops them.
    map_1.stop().await;
    map_2.stop().await;
    first.stop().await;
    second.stop().await;
}
