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
    rm -f data/quickstart/*.csv data/quickstart/sums.json
    cargo run --release -- synth --users 300 --seed 2016 --impressions-per-user 6 --form csv --out data/quickstart
    rm data/quickstart/sums.json

# Licences, bans, duplicates, sources and advisories of every dependency.
deny:
    .ci/deny

# The binary as it is given away: without the paths of the machine it was built on.
dist:
    #!/usr/bin/env bash
    set -euo pipefail
    cargo_home=${CARGO_HOME:-$HOME/.cargo}
    export RUSTFLAGS="--remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$PWD=/acquaint"
    export CFLAGS="-ffile-prefix-map=$cargo_home=/cargo"
    cargo build --release --locked --target-dir target/dist
    ! grep -aFq -e "$cargo_home" -e "$PWD" target/dist/release/acquaint
