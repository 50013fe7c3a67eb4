//! Nobody is online twice: judged by what every write says of the lock it was made under.

use std::collections::BTreeMap;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The lock itself.
    Lock,
    /// Soft state.
    Save,
    /// A line of a ledger, or experience.
    Event,
}

/// One write for a character, with the lock as it stood with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Its place among all writes.
    pub id: i64,
    /// What was written.
    pub kind: Kind,
    /// For whom.
    pub character: String,
    /// The lock's epoch.
    pub epoch: i64,
    /// The lock's owner.
    pub owner: String,
    /// The save's number under the epoch.
    pub sequence: i64,
    /// Who sent the event; `None` where it was no map server.
    pub server: Option<String>,
}

/// What is known of a character's lock so far.
#[derive(Default)]
struct Known {
    epoch: i64,
    owner: String,
    map: BTreeMap<i64, String>,
    saved: i64,
}

/// What is wrong with these writes, one sentence each.
pub fn faults(writes: &[Write]) -> Vec<String> {
    let mut known: BTreeMap<&str, Known> = BTreeMap::new();
    let mut found = Vec::new();
    for write in writes {
        let known = known.entry(&write.character).or_default();
        if let Err(fault) = take(known, write) {
            found.push(format!("write {} for {}: {fault}", write.id, write.character));
        }
    }
    found
}

fn take(known: &mut Known, write: &Write) -> Result<(), String> {
    let Write { epoch, owner, .. } = write;
    if *epoch < known.epoch {
        return Err(format!("{:?} under epoch {epoch}, though {} was there already", write.kind, known.epoch));
    }
    if *epoch > known.epoch {
        if write.kind != Kind::Lock {
            return Err(format!("{:?} under epoch {epoch}, which nobody took", write.kind));
        }
        (known.epoch, known.saved) = (*epoch, 0);
    }
    if let Some(map) = owner.strip_prefix("map:") {
        let first = known.map.entry(*epoch).or_insert_with(|| map.to_owned());
        if first != map {
            return Err(format!("the map servers {first} and {map} both have epoch {epoch}"));
        }
    }
    match write.kind {
        Kind::Lock => known.owner.clone_from(owner),
        Kind::Save if write.sequence <= known.saved => {
            return Err(format!("save {} of epoch {epoch} after save {}", write.sequence, known.saved));
        }
        Kind::Save => known.saved = write.sequence,
        Kind::Event => {}
    }
    match &write.server {
        Some(server) if *owner != format!("map:{server}") => {
            Err(format!("{server} has written, and {owner} has the lock of epoch {epoch}"))
        }
        _ if write.kind == Kind::Save && !owner.starts_with("map:") => {
            Err(format!("saved, and {owner} has the lock of epoch {epoch}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(kind: Kind, epoch: i64, owner: &str) -> Write {
        Write { id: 0, kind, character: "c".to_owned(), epoch, owner: owner.to_owned(), sequence: 0, server: None }
    }

    fn lock(epoch: i64, owner: &str) -> Write {
        write(Kind::Lock, epoch, owner)
    }

    fn save(epoch: i64, owner: &str, sequence: i64) -> Write {
        Write { sequence, ..write(Kind::Save, epoch, owner) }
    }

    fn event(epoch: i64, owner: &str, server: &str) -> Write {
        Write { server: Some(server.to_owned()), ..write(Kind::Event, epoch, owner) }
    }

    fn good() -> Vec<Write> {
        vec![
            lock(1, "gateway:g"),
            lock(1, "map:a"),
            save(1, "map:a", 1),
            event(1, "map:a", "a"),
            save(1, "map:a", 2),
            lock(1, "none"),
            lock(2, "gateway:h"),
            lock(2, "map:b"),
            save(2, "map:b", 1),
        ]
    }

    #[track_caller]
    fn catches(planted: Write, fault: &str) {
        let mut writes = good();
        writes.push(planted);
        let found = faults(&writes);
        assert!(found.len() == 1 && found[0].contains(fault), "{found:?}");
    }

    #[test]
    fn a_life_in_order_is_no_fault() {
        assert_eq!(faults(&good()), [""; 0]);
        let of_another = Write { character: "d".to_owned(), ..lock(1, "map:b") };
        assert_eq!(faults(&[good(), vec![of_another]].concat()), [""; 0], "each character has epochs of its own");
    }

    #[test]
    fn an_epoch_that_goes_back_is_caught() {
        catches(lock(1, "map:a"), "under epoch 1, though 2");
        catches(save(1, "map:a", 3), "under epoch 1, though 2");
        catches(event(1, "map:a", "a"), "under epoch 1, though 2");
    }

    #[test]
    fn two_map_servers_under_one_epoch_are_caught() {
        let fault = "the map servers b and c both have epoch 2";
        catches(lock(2, "map:c"), fault);
        catches(save(2, "map:c", 2), fault);
        catches(event(2, "map:c", "c"), fault);
        let given_back = [good(), vec![lock(2, "none"), lock(2, "map:c")]].concat();
        assert_eq!(faults(&given_back), [format!("write 0 for c: {fault}")], "not even one after the other");
    }

    #[test]
    fn a_stale_writer_is_caught() {
        catches(event(2, "map:b", "a"), "a has written, and map:b has the lock");
        catches(event(2, "none", "b"), "b has written, and none has the lock");
        catches(save(2, "map:b", 1), "save 1 of epoch 2 after save 1");
        let late = [good(), vec![save(2, "map:b", 3), save(2, "map:b", 2)]].concat();
        assert_eq!(faults(&late), ["write 0 for c: save 2 of epoch 2 after save 3"], "an older one");
        catches(save(2, "none", 2), "saved, and none has the lock");
        catches(save(2, "gateway:h", 2), "saved, and gateway:h has the lock");
        catches(save(3, "map:b", 1), "which nobody took");
        catches(event(3, "map:b", "b"), "which nobody took");
    }
}
