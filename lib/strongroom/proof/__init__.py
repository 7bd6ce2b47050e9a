"""The proof of an erasure: every byte of a lake searched for a person's values in all their forms, and a certificate.

No value goes out: results name a subject by its number, and a value by its name (`email`).

    needles = [Needle(0, "email", "olga@example.com", kind="email"), Needle(0, "subject", TAG, kind="token"),
               Needle(0, "name", "Olga Petrova"), Needle(0, "birthday", "1980-02-03", shared=True), …]
    report = search.search(
        [lake, reports, keys_folder, audit_folder],            # paths or URIs; every file below is searched
        needles,
        invented=decoys(needles, 1_000, seed=request),         # people that never were: what hits by chance
        lake=lake,
        columns={"training.reviews": ["user_id"]},             # where short and shared values are compared
    )
    report.found         # Found(file, where, at, form, subject, name, count): nothing, when nobody is left
    report.unsearched    # Unsearched(file, where, why): what could not be looked into; never silent
    report.files         # Searched(file, size, sha256) of all files; report.digest is that of the list
    report.false_hits    # places by chance a value, as invented ones were hit

    text = certificate.issue(certificate.Statement(request=…, …), report, needles=needles,
                             key=signing_keys.sound_key(log, settings))
    certificate.verify(text, signing_keys.former_keys(settings)).state      # ok, unknown_key, tampered

`Needle`, `forms.reach` (how a value is judged) are in `forms`, `decoys` in `decoys`, `search` in `search`, results in
`report`.
"""
