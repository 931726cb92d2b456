//! Settings of Spark as they are given, and those that a run insists on.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::master::Master;

/// A setting, `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    name: String,
    value: String,
}

impl FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("NAME=VALUE is expected")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if !name.starts_with("spark.") || !name.chars().all(is_name) {
            return Err("names of Spark's settings begin with spark.");
        }
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// Shuffles whose rows came out otherwise the second time are made again as a whole.
const CHECKED: [&str; 2] = [
    "spark.sql.shuffle.orderIndependentChecksum.enabled",
    "spark.sql.shuffle.orderIndependentChecksum.enableFullRetryOnMismatch",
];
/// Whoever connects must know a secret, and what is spilled is encrypted.
const PRIVATE: [&str; 2] = ["spark.authenticate", "spark.io.encryption.enabled"];
/// Connections are encrypted, by either.
const ENCRYPTED: [&str; 2] = ["spark.network.crypto.enabled", "spark.ssl.rpc.enabled"];

/// What says where Spark is and how it is asked, beside what is checked here.
const OWN: [&str; 4] = [
    "spark.master",
    "spark.remote",
    "spark.submit.deployMode",
    "spark.task.cpus",
];

/// Why settings are refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingError {
    #[error(
        "{name} is not for --conf: --master says where Spark is, and --task-threads how many threads a task has"
    )]
    Own { name: &'static str },
    #[error(
        "the master {master} is not on this machine, and {missing} is not set: who knows whom would be open to others. Add {cure}"
    )]
    Open {
        master: String,
        missing: &'static str,
        cure: String,
    },
    #[error("{name} must be on: a lost executor could change rows unseen. Remove the setting")]
    Unchecked { name: &'static str },
}

/// Every setting of a run: what was given, and what a run insists on.
pub(super) fn of_run(
    master: &Master,
    given: &[Setting],
    task_threads: u16,
) -> Result<BTreeMap<String, String>, SettingError> {
    let is_given = |name: &&str| given.iter().any(|setting| setting.name == **name);
    if let Some(name) = OWN.into_iter().find(is_given) {
        return Err(SettingError::Own { name });
    }
    let mut all = defaults(master, task_threads);
    for setting in given {
        all.insert(setting.name.clone(), setting.value.clone());
    }
    let is_on = |name: &str| {
        all.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    };
    if let Some(name) = CHECKED.into_iter().find(|name| !is_on(name)) {
        return Err(SettingError::Unchecked { name });
    }
    if !master.is_loopback() {
        let private = PRIVATE.into_iter().find(|name| !is_on(name));
        let encrypted = ENCRYPTED.into_iter().any(is_on);
        if let Some(missing) = private.or((!encrypted).then_some(ENCRYPTED[0])) {
            let cure = PRIVATE.into_iter().chain([ENCRYPTED[0]]);
            let cure: Vec<String> = cure.map(|name| format!("--conf {name}=true")).collect();
            return Err(SettingError::Open {
                master: master.to_string(),
                missing,
                cure: cure.join(" "),
            });
        }
    }
    Ok(all)
}

fn defaults(master: &Master, task_threads: u16) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        all.insert(name.to_owned(), value.to_owned());
    };
    for name in CHECKED {
        set(name, "true");
    }
    set("spark.ui.enabled", "false");
    set("spark.task.cpus", &task_threads.to_string());
    // A task whose executor was killed is no fault of the task.
    set("spark.task.maxFailures", "16");
    set("spark.excludeOnFailure.enabled", "false");
    if master.is_loopback() {
        set("spark.driver.host", "127.0.0.1");
        set("spark.driver.bindAddress", "127.0.0.1");
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(master: &str, given: &[&str]) -> Result<BTreeMap<String, String>, String> {
        let given: Vec<Setting> = given.iter().map(|text| text.parse().unwrap()).collect();
        let settings = of_run(&Master::new(master).unwrap(), &given, 1);
        settings.map_err(|error| error.to_string())
    }

    #[test]
    fn deny_a_master_elsewhere_that_anybody_can_listen_to() {
        let private = "spark.authenticate=true";
        let stored = "spark.io.encryption.enabled=true";
        let sent = "spark.network.crypto.enabled=true";
        for master in ["yarn", "k8s://https://10.0.0.1:6443", "spark://node1:7077"] {
            for given in [
                &[][..],
                &[private],
                &[private, stored],
                &[private, sent],
                &[stored, sent],
            ] {
                let error = of(master, given).unwrap_err();
                assert!(error.contains("--conf spark.authenticate=true"), "{error}");
            }
            assert!(of(master, &[private, stored, sent]).is_ok());
            assert!(of(master, &[private, stored, "spark.ssl.rpc.enabled=TRUE"]).is_ok());
            assert!(of(master, &[private, stored, sent, "spark.authenticate=false"]).is_err());
        }
        assert!(of("local-cluster[2,1,1024]", &[]).is_ok());
    }

    #[test]
    fn deny_shuffles_without_checksums() {
        for name in CHECKED {
            let error = of("local[2]", &[&format!("{name}=false")]).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn deny_another_master_among_the_settings() {
        for name in OWN {
            let error = of("local[2]", &[&format!("{name}=1")]).unwrap_err();
            assert!(error.contains("--master"), "{error}");
        }
    }

    #[test]
    fn loopback_stays_on_loopback() {
        let settings = of("spark://127.0.0.1:7077", &["spark.executor.memory=2g"]).unwrap();
        assert_eq!(settings["spark.driver.bindAddress"], "127.0.0.1");
        assert_eq!(settings["spark.executor.memory"], "2g");
        assert!(
            !of(
                "spark://a:1",
                &[
                    "spark.authenticate=true",
                    "spark.io.encryption.enabled=true",
                    "spark.ssl.rpc.enabled=true"
                ]
            )
            .unwrap()
            .contains_key("spark.driver.host")
        );
    }

    #[test]
    fn settings_are_of_spark() {
        for text in ["executor.memory=2g", "spark.x", "=1", "spark.a b=1"] {
            assert!(text.parse::<Setting>().is_err(), "{text}");
        }
        let setting: Setting = "spark.executor.extraJavaOptions=-Da=b".parse().unwrap();
        assert_eq!(setting.value, "-Da=b");
    }
}
