"""Looking after an archive: what is wrong, mended, deleted, copied, counted or served; no job does any of it."""
