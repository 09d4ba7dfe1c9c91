"""Looks at pictures before training, and says what is wrong with them. It never touches them.

- `record`: what is measured of a picture, as a row of fixed size.
- `measure`: opens a picture file and measures it.
- `record_file`: the measured rows on the disk, so that a second examination is quick and an interrupted one goes on.
- `examine`: measures all pictures of a run, in threads.
- `perceptual_hash`: hashes in the eight orientations of a picture.
- `candidates`: pairs of pictures with nearly the same hash.
- `near_copies`: pairs that show the same picture, by their pixels.
- `copies`: groups of identical and of nearly identical pictures; which of them may stay.
- `finding`: what a check has found.
- `checks/`: the checks, one a file; `CHECKS` is their table.
- `diagnose`: all findings, the worst first.
- `identical`: a short look for files that are in two parts, at the start of a run.
- `fix`: the list of pictures to leave out.

No module of it loads torch.

May import `data`, `storage`, `hardware`, `config`, `protocol` and `errors`.
"""
