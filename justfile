# Everything here is also one plain command; `just` only saves typing.

# Run the main job on the bundled data.
run *args:
    cargo run --release -- run --signals data/quickstart --out out {{args}}

# Format, lint, test, document: what has to pass before a change lands.
check:
    bash .ci/run

test *args:
    cargo test {{args}}

# Benchmarks of one stage, or of all of them.
bench *stage:
    cargo bench {{ if stage == "" { "" } else { "--bench " + stage } }}

# Make the bundled data again; the diff should be empty.
quickstart:
    cargo run --release -- synth --users 300 --seed 2016 --impressions-per-user 6 --form csv --out data/quickstart

# Licences, bans, duplicates, sources and advisories of every dependency.
deny:
    .ci/deny
