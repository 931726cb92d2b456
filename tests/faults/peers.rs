//! Peers of `identity psi listen` that keep it from the one it waits for: twenty at a time, and an honest one beside them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::place::Place;
use crate::table::{Effort, Row};

/// How many come at once.
const CROWD: usize = 20;
/// Longer than it may take to send all of them away.
const PATIENCE: Duration = Duration::from_mins(1);

/// What somebody does who came; the connection stays open as long as it is kept.
type Hostile = fn(TcpStream) -> Option<TcpStream>;

const KINDS: [(&str, Hostile); 6] = [
    ("silent", Some),
    ("slow", |stream| says(stream, 1_000_000, &[7; 100])),
    ("garbage", |stream| says(stream, 1000, &[9; 1000])),
    ("closing", |stream| {
        says(stream, 1000, &[7; 500]);
        None
    }),
    ("empty", |stream| says(stream, 88, &message(2))),
    ("of another purpose", |stream| says(stream, 88, &message(3))),
];

fn says(mut stream: TcpStream, len: u64, bytes: &[u8]) -> Option<TcpStream> {
    stream.write_all(&len.to_le_bytes()).ok()?;
    stream.write_all(bytes).ok()?;
    Some(stream)
}

/// A first message without a point.
fn message(purpose: u8) -> Vec<u8> {
    let mut message = [&b"acqpsi"[..], &[1, 1, purpose], &[0; 7], &[0; 8]].concat();
    message.extend([[5; 32], [0; 32]].concat());
    message
}

/// A crowd of each kind, and a mixed one; each takes every place there is.
pub(crate) fn peers(_: Effort) -> Row {
    let mut row = Row::default();
    for (name, come) in KINDS {
        row.add(served(name, &[come; CROWD]));
    }
    let mixed: Vec<Hostile> = KINDS
        .iter()
        .map(|(_, come)| *come)
        .cycle()
        .take(CROWD)
        .collect();
    row.add(served("mixed", &mixed));
    row
}

fn served(name: &str, crowd: &[Hostile]) -> Result<String, String> {
    let place = Place::new();
    let rows: Vec<String> = (0..50)
        .map(|n| format!("{n},+49151200{n:05},true\n"))
        .collect();
    let rows = rows.concat();
    place.write("held.csv", &format!("id,e164,permitted\n{rows}"));
    let (mut listener, address) = listen(&place);
    let open: Vec<Option<TcpStream>> = crowd
        .iter()
        .map(|come| TcpStream::connect(&address).ok().and_then(come))
        .collect();
    let began = Instant::now();
    let line = format!("identity psi connect --address {address} --input held.csv --purpose abuse");
    let connected = place.acquaint(&line);
    let seconds = began.elapsed().as_secs();
    drop(open);
    let ended = ended(&mut listener);
    if connected.code != Some(0) || ended != Some(0) {
        return Err(format!("{name}: {ended:?}: {}", connected.said));
    }
    Ok(format!("{name}: the honest one served after {seconds} s"))
}

fn listen(place: &Place) -> (Child, String) {
    let line = format!(
        "identity psi listen --address 127.0.0.1:0 --input held.csv --purpose abuse --peers {CROWD} --answers 1"
    );
    let mut command = place.command(&line);
    let mut listener = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut said = BufReader::new(listener.stderr.take().expect("it is piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    // Whatever else it says has to go somewhere.
    thread::spawn(move || said.read_to_end(&mut Vec::new()));
    let address = line.trim().rsplit(' ').next().unwrap_or_default();
    (listener, address.to_owned())
}

fn ended(listener: &mut Child) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Ok(Some(status)) = listener.try_wait() {
            return status.code();
        }
        thread::sleep(Duration::from_millis(50));
    }
    let _ = listener.kill();
    None
}
