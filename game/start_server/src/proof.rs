//! The directory proves itself before it is sent the service token, since anybody may listen on a free port.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use realmgate_protocol::proof::{NONCE_BYTES, is_proven, write_nonce};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::directory_choice::Directory;

/// Most bytes of an answer that are read.
const MOST_BYTES: usize = 4 * 1_024;

/// The proof of the directory.
#[derive(Deserialize)]
struct Proof {
    /// Address at which it was reached.
    address: SocketAddr,
    /// One proof for each service token that it accepts.
    proofs: Vec<String>,
}

impl Directory {
    /// Asks the directory to prove that it knows the service token. Skipped with TLS: its certificate has proven its
    /// identity.
    ///
    /// # Errors
    ///
    /// Fails if the directory does not answer, does not know the service token, or is reached through a relay although
    /// `is_asked_directly` is set.
    pub async fn prove(&self, http: &Client) -> anyhow::Result<()> {
        if self.url.starts_with("https://") {
            return Ok(());
        }
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).context("cannot get random bytes from the system")?;
        let url = format!("{}/map-registry/proof?nonce={}", self.url, write_nonce(&nonce));
        let answer = http.get(url).send().await.context("the directory does not answer")?;
        let reached = answer.remote_addr().map(canonical);
        let Proof { address, proofs } = read(answer)
            .await
            .with_context(|| format!("the service at {} did not prove that it is the directory", self.url))?;
        if self.is_asked_directly && reached != Some(canonical(address)) {
            bail!("the service at {} relays requests to the directory at {address}", self.url);
        }
        let token = self.service_token.expose_secret();
        let is_proven = proofs.iter().any(|proof| is_proven(token, &nonce, address, proof));
        ensure!(is_proven, "the service at {} does not know our SERVICE_TOKEN", self.url);
        Ok(())
    }

    /// Sends a request with the service token, once the directory has proven itself.
    ///
    /// # Errors
    ///
    /// Fails if the directory does not prove itself or does not answer.
    pub async fn call(&self, http: &Client, request: RequestBuilder) -> anyhow::Result<Response> {
        self.prove(http).await?;
        let answer = request.bearer_auth(self.service_token.expose_secret()).send().await;
        answer.context("the directory does not answer")
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

async fn read(mut answer: Response) -> anyhow::Result<Proof> {
    ensure!(answer.status().is_success(), "unexpected status {}", answer.status());
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        ensure!(body.len() + part.len() <= MOST_BYTES, "the response is too long");
        body.extend_from_slice(&part);
    }
    Ok(serde_json::from_slice(&body)?)
}
