from pathlib import Path

import pytest

from strongroom.core.errors import ConfigError, UsageError
from strongroom.core.settings import JOBS
from strongroom.core.settings.file import load_settings, parse_settings
from strongroom.core.settings.proven import environment

CONF = Path(__file__).parents[3] / "conf"
LEAST = "lake: ../lake\nkeys: file:../k/local.kek\npolicy: policy.yaml\ncontracts: contracts\n"
FILE = "/home/x/conf/s.yaml"


def test_relative_paths_start_at_the_folder_of_the_settings():
    read = parse_settings(LEAST, FILE)
    assert read.lake == "/home/x/lake"
    assert read.policy == "/home/x/conf/policy.yaml"
    assert read.contracts == "/home/x/conf/contracts"
    assert read.keys == "file:/home/x/k/local.kek"
    assert read.keyring == "/home/x/k/keyring.json", "beside the key that wraps it, unless said otherwise"
    assert read.audit == "/home/x/lake/strongroom/audit", "in the lake, unless said otherwise"
    assert read.role_keys == "/home/x/lake/strongroom/role-keys", "where readers find them, unless said otherwise"
    remote = parse_settings(LEAST.replace("../lake", "s3a://bucket/lake"), FILE)
    assert remote.role_keys == "/home/x/k/role-keys", "beside the keyring where the lake is no folder"
    reader = parse_settings(LEAST.replace("file:../k/local.kek", "none"), FILE)
    assert (reader.keys, reader.keyring) == ("none", "/home/x/conf/keyring.json"), "who holds a role's keys at most"
    assert read.file == FILE
    assert read.principal == ""


PLACES = [
    # lake, what it becomes, why
    ("/data/lake", "/data/lake", "absolute is absolute"),
    ("s3a://bucket/lake", "s3a://bucket/lake", "a URI has a place of its own"),
    ("abfss://c@a.dfs.core.windows.net/l", "abfss://c@a.dfs.core.windows.net/l", "with a container in front"),
    ("file:/data/lake", "file:/data/lake", "and with one slash"),
    ("a b/../lake", "/home/x/conf/lake", "a path is made plain"),
]


@pytest.mark.parametrize(("lake", "value", "why"), PLACES)
def test_a_lake_is_a_path_or_a_uri(lake, value, why):
    text = LEAST.replace("../lake", lake) + "audit: /audit\n"
    assert parse_settings(text, FILE).lake == value, why


def test_a_key_is_named_and_never_resolved_here():
    assert parse_settings(LEAST.replace("file:../k/local.kek", "env:THE_KEY"), FILE).keys == "env:THE_KEY"
    assert (
        parse_settings(LEAST.replace("file:../k/local.kek", "env:THE_KEY"), FILE).keyring == "/home/x/conf/keyring.json"
    )


def test_jobs_have_their_defaults_and_their_types():
    read = parse_settings(LEAST + "vectorize: {ngram: 2}\nprepare: {quarantine_limit: 0.5}\n", FILE)
    assert set(read.jobs) == set(JOBS)
    assert read.jobs["vectorize"]["ngram"] == 2
    assert read.jobs["vectorize"]["max_features"] == 100
    assert read.jobs["prepare"].items() >= {"contract": "", "mode": "overwrite", "quarantine_limit": 0.5}.items()


def test_spark_settings_become_text_as_spark_writes_it():
    read = parse_settings(LEAST + "spark: {spark.a: true, spark.b: 4, spark.c: 0.5, spark.d: x}\n", FILE)
    assert read.spark == {"spark.a": "true", "spark.b": "4", "spark.c": "0.5", "spark.d": "x"}


def test_overrides_beat_the_file_and_the_last_one_wins():
    read = parse_settings(
        LEAST + "prepare: {mode: append}\n",
        FILE,
        [
            "prepare.mode=overwrite", "prepare.contract=customers", "vectorize.ngram=1", "vectorize.ngram=3",
            "prepare.quarantine_limit=0.25", "spark.sql.ansi.enabled=true", "spark.spark.x=a=b", "lake=s3a://b/l",
        ],
    )  # fmt: skip
    expected = {"contract": "customers", "mode": "overwrite", "quarantine_limit": 0.25}
    assert read.jobs["prepare"].items() >= expected.items()
    assert read.jobs["vectorize"]["ngram"] == 3
    assert read.spark == {"spark.sql.ansi.enabled": "true", "spark.x": "a=b"}
    assert read.lake == "s3a://b/l"
    assert read.audit == "s3a://b/l/strongroom/audit"


def test_an_override_may_give_what_the_file_lacks():
    assert parse_settings(LEAST.replace("lake: ../lake\n", ""), FILE, ["lake=/l"]).lake == "/l"


def test_receivers_are_addresses_and_their_tokens_are_named_by_place():
    given = ["prepare.openlineage=https://h/x/", "prepare.openlineage_token=file:t", "prepare.send_seconds=2"]
    near = ["prepare.pushgateway=http://127.0.0.1:9091", "prepare.pushgateway_token=env:GATEWAY"]
    prepare = parse_settings(LEAST, FILE, [*given, *near]).jobs["prepare"]
    assert prepare["openlineage"] == "https://h/x"
    assert prepare["openlineage_token"] == "file:/home/x/conf/t"
    assert (prepare["pushgateway"], prepare["pushgateway_token"]) == ("http://127.0.0.1:9091", "env:GATEWAY")
    assert prepare["send_seconds"] == 2
    assert parse_settings(LEAST, FILE).jobs["prepare"]["openlineage"] == ""


REFUSED = [
    # lines added, line, code, part of what to do, why
    ("lak: x\n", 5, "settings.unknown-field", "'lake'", "a typo"),
    ("prepare: {mod: append}\n", 5, "settings.unknown-field", "'mode'", "a typo inside a section"),
    ("perpare: {}\n", 5, "settings.unknown-field", "'prepare'", "a typo in a section's name"),
    ("prepare: {mode: apend}\n", 5, "settings.unknown-name", "'append'", "outside the vocabulary"),
    ("prepare: {quarantine_limit: 20}\n", 5, "settings.wrong-type", "0.05", "a percentage is no share"),
    ("prepare: {quarantine_limit: true}\n", 5, "settings.wrong-type", "", "true is no number"),
    ("vectorize: {ngram: 1.5}\n", 5, "settings.wrong-type", "", "a fraction of a word"),
    ("vectorize: {ngram: '2'}\n", 5, "settings.wrong-type", "", "text is no number"),
    ("vectorize: {max_features: 0}\n", 5, "settings.wrong-type", "", "nothing to learn from"),
    ("vectorize: [ngram]\n", 5, "settings.wrong-type", "", "a list is no section"),
    ("principal: 5\n", 5, "settings.wrong-type", "quotes", "a number is no name"),
    ("principal: engineer\n", 5, "settings.wrong-type", "user:engineer", "the policy knows user:NAME"),
    ("principal: ''\n", 5, "settings.wrong-type", "", "empty is not unset"),
    ("audit:\n", 5, "settings.wrong-type", "", "null is not unset"),
    ("spark: {master: local}\n", 5, "settings.unknown-field", "'spark.master'", "Spark would ignore it"),
    ("spark: {spark.x: [1]}\n", 5, "settings.wrong-type", "", "Spark has no lists"),
    ("spark: {spark.x: }\n", 5, "settings.wrong-type", "", "nor nulls"),
    (
        "spark: {spark.hadoop.fs.s3a.secret.key: abc}\n",
        5,
        "settings.credential",
        "environment",
        "it would show up in the UI",
    ),
    ("spark: {spark.ssl.keyPassword: abc}\n", 5, "settings.credential", "environment", "this one too"),
    ("prepare: {openlineage: lineage.json}\n", 5, "settings.wrong-type", "http://", "a file is written anyway"),
    ("prepare: {openlineage: 'ftp://h/x'}\n", 5, "settings.wrong-type", "https://", "nobody speaks that"),
    ("prepare: {pushgateway: 'http://h:port'}\n", 5, "settings.wrong-type", "", "a port is a number"),
    ("prepare: {pushgateway: 'https://ada:pSm8@h'}\n", 5, "settings.credential", "_token", "a password in an address"),
    ("prepare: {openlineage: 'https://h/x?key=pSm8'}\n", 5, "settings.credential", "_token", "a key in an address"),
    ("prepare: {openlineage_token: pSm8Kq3v0}\n", 5, "settings.wrong-type", "env:NAME", "a token itself"),
    (
        "prepare: {openlineage: 'http://h', openlineage_token: env:T}\n",
        1,
        "settings.credential",
        "https",
        "anyone could read it",
    ),
    ("prepare: {send_seconds: 0}\n", 5, "settings.wrong-type", "", "nobody answers in no time"),
    ("lake: catalog:a b\naudit: /a\n", 5, "yaml.twice", "", "strict YAML underneath"),
]


@pytest.mark.parametrize(("added", "line", "code", "todo", "why"), REFUSED, ids=[row[4] for row in REFUSED])
def test_what_is_not_known_is_refused_with_its_line(added, line, code, todo, why):
    with pytest.raises(ConfigError) as caught:
        parse_settings(LEAST + added, "s.yaml")
    problem = caught.value.problems[0]
    assert (problem.where, problem.code) == (f"s.yaml:{line}", code), why
    assert todo in problem.todo
    assert "pSm8" not in str(caught.value), "a secret is refused and not repeated"


def test_a_key_in_place_of_its_name_is_refused_and_not_repeated():
    secret = "pSm8Kq3v0dJx7Q=="
    with pytest.raises(ConfigError) as caught:
        parse_settings(LEAST.replace("file:../k/local.kek", secret), "s.yaml")
    assert "never a key itself" in str(caught.value)
    assert secret not in str(caught.value)


def test_what_is_missing_is_named():
    with pytest.raises(ConfigError) as caught:
        parse_settings("principal: user:x\n", "s.yaml")
    text = str(caught.value)
    assert [word for word in ("'lake'", "'keys'", "'policy'", "'contracts'") if word not in text] == []
    with pytest.raises(ConfigError, match=r"catalog: is not served: write the path"):
        parse_settings(LEAST.replace("../lake", "catalog:c"), "s.yaml")
    with pytest.raises(ConfigError, match="mapping"):
        parse_settings("- a\n", "s.yaml")


OVERRIDES = [
    ("prepare.mod=append", "--set prepare.mod", "'mode'", "a typo"),
    ("prepere.mode=append", "--set prepere.mode", "'prepare.mode'", "a typo in the section"),
    ("prepare.mode=apend", "--set prepare.mode", "'append'", "outside the vocabulary"),
    ("vectorize.ngram=two", "--set vectorize.ngram", "whole number", "no number"),
    ("lake=", "--set lake", "is a text", "nothing"),
    ("prepare=x", "--set prepare", "Unknown setting", "a section is no setting"),
]


@pytest.mark.parametrize(("override", "where", "part", "why"), OVERRIDES)
def test_overrides_are_checked_like_the_file(override, where, part, why):
    with pytest.raises(ConfigError) as caught:
        parse_settings(LEAST, "s.yaml", [override])
    (problem,) = caught.value.problems
    assert problem.where == where, why
    assert part in str(problem)


def test_an_override_without_a_value_is_a_mistake_of_usage():
    with pytest.raises(UsageError, match=r"section\.key=value"):
        parse_settings(LEAST, "s.yaml", ["prepare.mode"])


@pytest.mark.parametrize("name", ["local.yaml", "cluster.yaml"])
def test_the_settings_we_ship_are_sound(name):
    read = load_settings(str(CONF / name))
    assert read.principal == "user:engineer"
    assert read.contracts == str(CONF / "contracts")


def test_all_problems_come_at_once_and_a_missing_file_says_so(tmp_path):
    with pytest.raises(ConfigError) as caught:
        parse_settings(LEAST + "a: 1\nb: 2\nprepare: {mode: x}\n", "s.yaml", ["c.d=1"])
    assert [problem.where for problem in caught.value.problems] == ["s.yaml:5", "s.yaml:6", "s.yaml:7", "--set c.d"]
    with pytest.raises(ConfigError, match="--config"):
        load_settings(str(tmp_path / "none.yaml"))


PROVEN = (
    LEAST.replace("principal: user:x\n", "") + "identity: {provider: token, keys: keys.json, issuer: 'https://i'}\n"
)
IDENTITIES = [
    ("identity: {}", "names no provider", "nothing proves anything"),
    ("identity: {provider: tokens}", "'token'", "a typo"),
    ("identity: {provider: token}", "needs keys and issuer", "a token nobody can check"),
    ("identity: {provider: token, keys: k, issuer: i, tokn: x}", "'token'", "a typo in a key"),
    ("identity: {provider: token, keys: k, issuer: i, token: eyJhbGciOi}", "never a token itself", "the token itself"),
    ("identity: {provider: system}\nprincipal: user:x", "asserts what", "proven and asserted at once"),
]


@pytest.mark.parametrize(("text", "part", "why"), IDENTITIES)
def test_what_proves_identity_is_checked(text, part, why):
    with pytest.raises(ConfigError) as caught:
        parse_settings(LEAST.replace("principal: user:x\n", "") + text + "\n", "s.yaml")
    assert part in str(caught.value), why
    assert "eyJ" not in str(caught.value)


def test_identity_has_defaults_and_absolute_paths():
    found = parse_settings(PROVEN, "/etc/s.yaml").identity
    assert found == {
        "provider": "token", "host": "", "keys": "/etc/keys.json", "issuer": "https://i", "audience": "strongroom",
        "claim": "sub", "token": "env:STRONGROOM_TOKEN",
    }  # fmt: skip
    assert parse_settings(LEAST, "/etc/s.yaml").identity["provider"] == ""


@pytest.mark.parametrize("override", ["principal=user:pia", "identity.provider=system", "identity=x"])
def test_a_proven_identity_is_not_for_the_command_line(override):
    with pytest.raises(ConfigError) as caught:
        parse_settings(PROVEN, "s.yaml", [override])
    assert caught.value.problems[0].where == f"--set {override.partition('=')[0]}"


@pytest.mark.parametrize(
    "override",
    [
        "prepare.openlineage=https://mine.example", "prepare.openlineage_token=file:/etc/shadow",
        "prepare.pushgateway=https://mine.example", "prepare.pushgateway_token=env:STRONGROOM_TOKEN",
    ],
)  # fmt: skip
def test_where_identity_is_proven_the_command_line_sends_nothing_elsewhere(override):
    with pytest.raises(ConfigError, match="what is sent where"):
        parse_settings(PROVEN, "s.yaml", [override])
    section, _, name = override.partition("=")[0].partition(".")
    assert parse_settings(LEAST, "s.yaml", [override]).jobs[section][name] == override.partition("=")[2]


PLACED = (
    PROVEN + "masters: [yarn, 'sc://there:1']\nspark: {spark.master: 'local[2]', spark.sql.shuffle.partitions: 9}\n"
)
ELSEWHERE = [
    # what --set gives, part of what is said, why
    ("spark.master=sc://mine:15002", "no other master", "a server of the caller's own gets rows and keys"),
    ("spark.master=spark://mine:7077", "no other master", "so do workers"),
    ("spark.spark.master=local[*]", "no other master", "the settings say how many cores here"),
    ("spark.driver.extraClassPath=/mine.jar", "where data or code goes", "code of one's own in the JVM"),
    ("spark.driver.extraJavaOptions=-javaagent:/mine.jar", "where data or code goes", "the same"),
    ("spark.driver.memory=2g -javaagent:/mine.jar", "no plain size", "more than a number"),
    ("spark.sql.shuffle.partitions=8 --jars x", "no plain size", "the same"),
    ("spark.io.encryption.enabled=false", "where data or code goes", "rows in clear on the disk"),
    ("spark.eventLog.dir=/mine", "where data or code goes", "plans"),
    ("spark.local.dir=/mine", "where data or code goes", "shuffle files"),
    ("spark.pyspark.python=/mine", "where data or code goes", "the workers' Python"),
    ("spark.hadoop.fs.s3a.endpoint=https://mine.example", "where data or code goes", "the lake itself"),
    ("spark.SQL.shuffle.partitions=8", "where data or code goes", "a list holds what it holds"),
    ("masters=spark://mine:7077", "who judges", "the list itself"),
    ("environment.AWS_ENDPOINT_URL=https://mine.example", "Unknown setting", "the other list"),
]


@pytest.mark.parametrize(("override", "what", "why"), ELSEWHERE, ids=[row[0] for row in ELSEWHERE])
def test_where_identity_is_proven_the_command_line_says_only_how_much(override, what, why):
    with pytest.raises(ConfigError, match=what) as caught:
        parse_settings(PLACED, FILE, [override])
    assert len(caught.value.problems) == 1, why
    assert "mine" not in str(caught.value), "what was typed may hold a secret"


@pytest.mark.parametrize(
    "override",
    [
        "spark.driver.memory=8g", "spark.spark.executor.memory=512m", "spark.executor.cores=4", "spark.driver.cores=2",
        "spark.cores.max=16", "spark.sql.shuffle.partitions=400", "spark.master=yarn", "spark.master=sc://there:1",
        "spark.master=local[2]", "prepare.mode=append", "prepare.send_seconds=1",
    ],
)  # fmt: skip
def test_sizes_and_the_masters_of_the_settings_may_be_said_there(override):
    name, _, value = override.partition("=")
    read = parse_settings(PLACED, FILE, [override])
    held = {**read.spark, **{f"prepare.{key}": str(each) for key, each in read.jobs["prepare"].items()}}
    assert held[name.replace("spark.spark.", "spark.")].removesuffix(".0") == value


@pytest.mark.parametrize("override", [row[0] for row in ELSEWHERE if row[0].startswith("spark.")])
def test_where_nothing_is_proven_they_are_the_callers_to_say(override):
    assert parse_settings(LEAST, FILE, [override]).spark


@pytest.mark.parametrize(
    ("added", "what", "why"),
    [
        ("masters: yarn", "is a list", "one word"),
        ("masters: [bogus]", "no master of Spark", "as anywhere"),
        ("masters: [5]", "is a list", "a number"),
        ("environment: {A: 5}", "is a text", "YAML's number"),
        ("environment: {'A B': x}", "no variable's name", "nor would a shell take it"),
        ("environment: {AWS_SECRET_ACCESS_KEY: xyz}", "is a credential", "in a file"),
        ("environment: {SCIENCE_KEK: xyz}", "is a credential", "a key of ours"),
        ("environment: [A]", "is a mapping", "a list"),
    ],
)
def test_masters_and_variables_have_their_form(added, what, why):
    with pytest.raises(ConfigError, match=what) as caught:
        parse_settings(f"{LEAST}{added}\n", FILE)
    assert "xyz" not in str(caught.value), why


def test_a_job_sees_of_its_callers_variables_who_they_are_and_what_the_settings_name():
    text = PROVEN.replace("keys: file:../k/local.kek", "keys: env:KEK") + (
        "prepare: {openlineage: 'https://h', openlineage_token: env:LINEAGE}\n"
        "environment: {HADOOP_CONF_DIR: /etc/hadoop, SCIENCE_KEK: , PATH: /opt/bin}\n"
    )
    asked = ["KEK", "LINEAGE", "STRONGROOM_TOKEN", "SCIENCE_KEK", "AWS_ACCESS_KEY_ID", "LANG"]
    not_asked = [
        "HADOOP_CONF_DIR", "SPARK_CONF_DIR", "SPARK_HOME", "SPARK_SUBMIT_OPTS", "SPARK_LOCAL_DIRS", "SPARK_REMOTE",
        "SPARK_DIST_CLASSPATH", "JAVA_HOME", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "PYTHONPATH",
        "PYTHONSTARTUP", "PYSPARK_PYTHON", "PYSPARK_SUBMIT_ARGS", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "TMPDIR",
        "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CONFIG_FILE", "AZURE_STORAGE_ENDPOINT", "HTTPS_PROXY",
        "https_proxy", "SSL_CERT_FILE", "HADOOP_USER_NAME", "STRONGROOM_DEBUG", "GOOGLE_APPLICATION_CREDENTIALS",
        "HOME",
    ]  # fmt: skip
    found = environment(parse_settings(text, FILE), dict.fromkeys([*asked, *not_asked], "mine"), home="/home/ada")
    assert found == {
        **dict.fromkeys(asked, "mine"), "HADOOP_CONF_DIR": "/etc/hadoop", "PATH": "/opt/bin", "HOME": "/home/ada",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("master", "part", "why"),
    [
        ("bogus://x", "no master of Spark", "Java would tell it by a stack trace"),
        ("local[two]", "no master of Spark", "no number"),
        ("sc://h:1/;token=SECRETTOK", "holds a token", "settings are shown"),
    ],
)
def test_a_master_that_is_none_is_refused_and_a_token_is_not_repeated(master, part, why):
    with pytest.raises(ConfigError) as caught:
        parse_settings(LEAST, "s.yaml", [f"spark.master={master}"])
    assert part in str(caught.value), why
    assert "SECRETTOK" not in str(caught.value)


@pytest.mark.parametrize(
    "master", ["local", "local[*]", "local[2]", "local[2,3]", "yarn", "spark://h:7077", "k8s://https://h:1", "sc://h:1"]
)
def test_masters_that_spark_knows_are_taken(master):
    assert parse_settings(LEAST, "s.yaml", [f"spark.master={master}"]).spark["spark.master"] == master


def test_a_file_that_holds_no_settings_is_not_shown():
    with pytest.raises(ConfigError) as caught:
        parse_settings("root:$y$j9T$hash: x\n", "/etc/shadow")
    assert "hash" not in str(caught.value)
