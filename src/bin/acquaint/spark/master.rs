//! Where Spark's master is: on this machine, or elsewhere.

use std::fmt;
use std::net::IpAddr;

/// A master, by its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Master {
    url: String,
    is_loopback: bool,
}

/// Why a text is no master.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no master of Spark: local[N], local-cluster[N,CORES,MB], spark://HOST:PORT, yarn or k8s://URL"
)]
pub(super) struct NoMaster(String);

impl Master {
    pub(super) fn new(url: &str) -> Result<Self, NoMaster> {
        let is_loopback = match url {
            "local" => true,
            "yarn" => false,
            _ if url.starts_with("k8s://") => false,
            _ => match url.strip_prefix("spark://") {
                Some(hosts) => are_loopback(hosts),
                None if is_local(url) => true,
                None => return Err(NoMaster(acquaint::publish::shown(url))),
            },
        };
        Ok(Self {
            url: url.to_owned(),
            is_loopback,
        })
    }

    /// Does everything stay on this machine?
    pub(super) const fn is_loopback(&self) -> bool {
        self.is_loopback
    }
}

impl fmt::Display for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

fn is_local(url: &str) -> bool {
    let inside = ["local[", "local-cluster["];
    let inside = inside.iter().find_map(|start| url.strip_prefix(start));
    let inside = inside.and_then(|rest| rest.strip_suffix(']'));
    let is_number = |c: char| c.is_ascii_digit() || ", *".contains(c);
    inside.is_some_and(|inside| !inside.is_empty() && inside.chars().all(is_number))
}

/// All of them: a standby master elsewhere could take over.
fn are_loopback(hosts: &str) -> bool {
    hosts.split(',').all(|host| {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let address = name.trim_start_matches('[').trim_end_matches(']');
        let is_own = address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
        is_own || name == "localhost"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_this_machine() {
        let here = [
            "local",
            "local[2]",
            "local[*]",
            "local[2,3]",
            "local-cluster[2,1,1024]",
            "spark://127.0.0.1:7077",
            "spark://localhost:7077",
            "spark://[::1]:7077",
            "spark://127.0.0.1:7077,127.0.0.2:7077",
        ];
        for url in here {
            assert!(Master::new(url).unwrap().is_loopback(), "{url}");
        }
        let elsewhere = [
            "yarn",
            "k8s://https://127.0.0.1:6443",
            "spark://node1:7077",
            "spark://localhost.example.com:7077",
            "spark://127.0.0.1:7077,node2:7077",
            "spark://127.0.0.1.example.com:7077",
            "spark://10.0.0.1:7077",
        ];
        for url in elsewhere {
            assert!(!Master::new(url).unwrap().is_loopback(), "{url}");
        }
    }

    #[test]
    fn deny_what_is_no_master() {
        for url in [
            "",
            "locale",
            "local[",
            "local-cluster[x]",
            "mesos://a:1",
            "http://127.0.0.1",
        ] {
            assert!(Master::new(url).is_err(), "{url}");
        }
    }
}
