//! nginx as a proxy in front of the same service, as the yardstick. It checks no token.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use realmgate_services::free_port;
use realmgate_tests::backends::program::{Missing, find};
use realmgate_tests::wait::{PATIENCE, found_within};
use realmgate_tests::{Home, Process};

use crate::http::Connection;
use crate::server::on_server_core;

use super::service::Service;

/// A running nginx: one process on the server's core.
pub struct Nginx {
    process: Process,
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its version.
    pub version: String,
}

impl Nginx {
    /// Starts it in front of a service; `None`, with a message, where it is not installed.
    ///
    /// # Errors
    /// When it does not listen in time.
    pub async fn start(service: &Service) -> Result<Option<Self>> {
        let program = match find("nginx", "nginx-light") {
            Ok(program) => program,
            Err(missing @ Missing { .. }) => {
                eprintln!("{missing}: the door is measured without a comparison");
                return Ok(None);
            }
        };
        let shown = std::process::Command::new(&program).arg("-v").output()?;
        let version = String::from_utf8_lossy(&shown.stderr).trim().trim_start_matches("nginx version: ").to_owned();
        let (home, addr) = (Home::new(), SocketAddr::from(([127, 0, 0, 1], free_port())));
        let folder = home.path("nginx");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration(addr, service.addr))?;
        let mut serve = on_server_core(&program)?;
        serve.arg("-p").arg(&folder).arg("-c").arg(&file).args(["-e", "stderr"]);
        let process = Process::start(&home, serve);
        let up = found_within(PATIENCE, async || Connection::open(addr).await.ok()).await;
        ensure!(up.is_some(), "nginx does not listen{}", process.told());
        Ok(Some(Self { process, addr, version }))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }
}

/// Connections to both sides are kept, and a service gets the usual headers of a proxy. All else is nginx's default.
fn configuration(addr: SocketAddr, service: SocketAddr) -> String {
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {kind};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {{ worker_connections 1024; }}\n\
         http {{\n{folders}    access_log off;\n    keepalive_requests 1000000000;\n\
         \x20   upstream service {{ server {service}; keepalive 64; keepalive_requests 1000000000; }}\n\
         \x20   server {{\n        listen {addr};\n        location /plain/ {{\n            proxy_pass http://service/;\n\
         \x20           proxy_http_version 1.1;\n            proxy_set_header Connection \"\";\n\
         \x20           proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
         \x20           proxy_set_header X-Forwarded-Proto $scheme;\n\
         \x20           proxy_set_header X-Forwarded-Host $host;\n\
         \x20           proxy_set_header X-Request-Id $request_id;\n        }}\n    }}\n}}\n"
    )
}
