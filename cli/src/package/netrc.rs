//! Credentials for servers: `~/.netrc` (or `$NETRC`) and the tokens of the hosting services.
//!
//! Each belongs to one host and is sent nowhere else; `default` entries are not used.
//!
//! Source: the `.netrc` format of curl's and ftp's manual pages.

use std::path::PathBuf;

use crate::env;

/// A header that proves who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// User name and password.
    Basic(String, String),
    /// A whole header: its name and value.
    Header(&'static str, String),
}

/// What is known of each host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    machines: Vec<(String, String, String)>,
}

impl Credentials {
    /// Reads the user's file; one that is not there holds nothing.
    pub(crate) fn load() -> Self {
        let path = env::get(env::NETRC).map(PathBuf::from).or_else(|| {
            let home = etcetera::home_dir().ok()?;
            let name = if cfg!(windows) { "_netrc" } else { ".netrc" };
            Some(home.join(name))
        });
        let text = path.and_then(|path| std::fs::read_to_string(path).ok());
        Self::parse(text.as_deref().unwrap_or(""))
    }

    /// Reads the text of a `.netrc`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut machines = Vec::new();
        let (mut machine, mut login, mut password) = (None, String::new(), String::new());
        let mut words = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(str::split_whitespace);
        while let Some(word) = words.next() {
            match word {
                "machine" | "default" => {
                    if let Some(machine) = machine.take() {
                        machines.push((machine, login, password));
                    }
                    (login, password) = (String::new(), String::new());
                    if word == "machine" {
                        machine = words.next().map(str::to_ascii_lowercase);
                    }
                }
                "login" => login = words.next().unwrap_or("").to_string(),
                "password" => password = words.next().unwrap_or("").to_string(),
                _ => {}
            }
        }
        if let Some(machine) = machine {
            machines.push((machine, login, password));
        }
        Self { machines }
    }

    /// What proves us to `host`; tokens from the environment only go over TLS.
    pub(crate) fn for_host(&self, host: &str, tls: bool) -> Option<Credential> {
        let host = host.to_ascii_lowercase();
        if tls {
            let token = match host.as_str() {
                "github.com" | "api.github.com" | "raw.githubusercontent.com" => {
                    env::get(env::GITHUB_TOKEN)
                        .map(|token| ("authorization", format!("Bearer {token}")))
                }
                "gitlab.com" => env::get(env::GITLAB_TOKEN).map(|token| ("private-token", token)),
                "codeberg.org" => env::get(env::CODEBERG_TOKEN)
                    .map(|token| ("authorization", format!("token {token}"))),
                _ => None,
            };
            if let Some((name, value)) = token {
                return Some(Credential::Header(name, value));
            }
        }
        self.machines
            .iter()
            .find(|(machine, ..)| *machine == host)
            .map(|(_, login, password)| Credential::Basic(login.clone(), password.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_belong_to_their_host() {
        let text = "# mine\nmachine Example.org login me password secret\n\
                    machine other.org\n  login you\n  password pw\ndefault login anonymous password x\n";
        let credentials = Credentials::parse(text);
        assert_eq!(
            credentials.for_host("example.org", false),
            Some(Credential::Basic("me".into(), "secret".into()))
        );
        assert_eq!(
            credentials.for_host("other.org", true),
            Some(Credential::Basic("you".into(), "pw".into()))
        );
        assert_eq!(credentials.for_host("sub.example.org", true), None);
    }
}
