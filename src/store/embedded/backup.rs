//! Backs a store up while it is served.

use std::path::Path;

use rusqlite::config::DbConfig;

use super::copies::{self, Unfinished};
use super::open;
use super::schema;
use crate::store::{Copied, CopyError, Copying, OpenError, Standing};

/// [`store::backup`](crate::store::backup)
pub(in crate::store) fn backup(data_dir: &Path, copying: Copying<'_>) -> Result<Copied, CopyError> {
    let Copying { file, existing, progress } = copying;
    let database = data_dir.join(open::FILE);
    if !database.is_file() {
        return Err(CopyError::Nothing(data_dir.to_owned()));
    }
    let place = std::path::absolute(file).map_err(|why| CopyError::failed(file, &why))?;
    may_stand(data_dir, &place, existing)?;
    let failed = |why: rusqlite::Error| OpenError::of_sqlite(&database, &why);
    let connection = open::connect(&database).map_err(failed)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY").map_err(failed)?;
    // When the service ends meanwhile, its log is its own to copy.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(failed)?;
    schema::inspect(&connection, &database)?;
    let unfinished = Unfinished::make(copies::beside(&place, &format!(".partial-{}", std::process::id())))?;
    copies::copy(&connection, &unfinished, progress)?;
    let (_, copied) = copies::check(unfinished.path())?;
    may_stand(data_dir, &place, existing)?;
    unfinished.keep(&place)?;
    Ok(copied)
}

/// Whether a backup may take this place.
fn may_stand(data_dir: &Path, place: &Path, existing: Standing) -> Result<(), CopyError> {
    let in_data = copies::is_same(copies::directory_of(place), data_dir);
    let is_own = |name: &str| name.starts_with(open::FILE) || name.ends_with(".lock");
    if in_data && place.file_name().is_some_and(|name| is_own(&name.to_string_lossy())) {
        return Err(CopyError::Own(place.to_owned()));
    }
    if copies::is_same(place, &data_dir.join(open::FILE)) {
        return Err(CopyError::Own(place.to_owned()));
    }
    match place.symlink_metadata() {
        Ok(data) if data.is_dir() => Err(CopyError::failed(place, &"is a directory; name a file in it")),
        Ok(_) if existing == Standing::Stays => Err(CopyError::Exists(place.to_owned())),
        _ => Ok(()),
    }
}
