use std::fs::File;

use super::*;

/// A cache with one entry, and the path of that entry.
fn cache_with_entry() -> (tempfile::TempDir, Cache, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let cache = Cache::new(home.path());
    cache.write("key", b"code").expect("an entry");
    let path = cache.path("key");
    (home, cache, path)
}

fn content(cache: &Cache) -> Option<Vec<u8>> {
    cache.get("key").map(|code| code.bytes().to_vec())
}

#[test]
fn what_is_put_is_found_again() {
    let (_home, cache, path) = cache_with_entry();
    assert_eq!(content(&cache).as_deref(), Some(&b"code"[..]));
    fs::remove_file(path).expect("removed");
    assert_eq!(content(&cache), None);
}

#[test]
fn a_torn_or_changed_entry_is_never_code() {
    let (_home, cache, path) = cache_with_entry();
    let whole = fs::read(&path).expect("an entry");
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).expect("torn");
        assert_eq!(content(&cache), None, "cut to {length} bytes");
    }
    for position in 0..whole.len() {
        let mut changed = whole.clone();
        changed[position] ^= 1;
        fs::write(&path, &changed).expect("changed");
        assert_eq!(content(&cache), None, "changed at {position}");
    }
    cache.write("key", b"code").expect("written over it");
    assert!(content(&cache).is_some());
}

#[test]
fn only_the_entries_used_last_are_kept() {
    let (_home, cache, first) = cache_with_entry();
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    File::open(&first).and_then(|file| file.set_modified(long_ago)).expect("aged");
    let leftover = cache.folder.join("died.tmp");
    File::create(&leftover).and_then(|file| file.set_modified(long_ago)).expect("a leftover");
    for number in 0..KEPT_ENTRIES {
        cache.write(&format!("{number}"), b"code").expect("an entry");
    }
    cache.prune().expect("pruned");
    assert!(!first.exists() && !leftover.exists());
    assert_eq!(fs::read_dir(&cache.folder).expect("a folder").count(), KEPT_ENTRIES);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("metadata").permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }

    #[test]
    fn folder_and_files_are_the_owners_alone() {
        let (_home, cache, path) = cache_with_entry();
        assert_eq!((mode(&cache.folder), mode(&path)), (0o700, 0o600));
    }

    #[test]
    fn what_others_may_write_or_a_link_leads_to_is_never_code() {
        let (home, cache, path) = cache_with_entry();
        set_mode(&path, 0o620);
        assert_eq!(content(&cache), None);
        set_mode(&path, 0o600);
        set_mode(&cache.folder, 0o770);
        assert_eq!(content(&cache), None);
        assert!(cache.write("other", b"code").is_err());
        set_mode(&cache.folder, 0o700);
        assert!(content(&cache).is_some());
        let elsewhere = home.path().join("elsewhere");
        fs::rename(&path, &elsewhere).expect("moved");
        symlink(&elsewhere, &path).expect("a link");
        assert_eq!(content(&cache), None);
    }
}
