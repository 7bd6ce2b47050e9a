"""What lies in deploy/ is what systemd, cron, Databricks and Airflow take. The image is built nowhere."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

from strongroom.core.jobs import JOBS
from strongroom.flows import prepare
from strongroom.run_job import parser_of
from support.environments import environment
from support.lakes import ROOT

DEPLOY = ROOT / "deploy"
AGAIN, FINAL = {4, 7, 130, 143}, {1, 2, 3, 5, 6}


def understood(words):
    """Whether the words name a job, and options that it has; a template of the platform's stands for any text."""
    assert words[0] in JOBS
    if words[0] == "prepare":
        return parser_of("prepare", prepare).parse_intermixed_args(words[1:])
    return None


def stub(folder, code=0):
    """A project whose button only notes what it was told."""
    folder.mkdir(exist_ok=True)
    script = folder / "spark-submit.sh"
    script.write_text(f'#!/bin/bash\nprintf "%s\\n" "$*" >>"{folder}/calls"\nexit {code}\n')
    script.chmod(0o755)
    return folder


def calls(folder):
    return (folder / "calls").read_text().splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="NOT TESTED WITH SYSTEMD: apt-get install systemd")
def test_systemd_takes_service_and_timer_as_they_stand(tmp_path):
    for file in (DEPLOY / "systemd").iterdir():
        text = file.read_text().replace("/opt/strongroom", str(stub(tmp_path / "project")))
        (tmp_path / file.name).write_text(text)
    units = sorted(str(path) for path in tmp_path.glob("strongroom.*"))
    told = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in told.stderr.splitlines() if "strongroom" in line]
    assert (told.returncode, ours) == (0, [])


def test_the_service_starts_a_job_and_tries_again_only_what_may_go_well():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY / "systemd/strongroom.service")
    service = unit["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program.endswith("/spark-submit.sh")
    assert understood(words).all
    assert {int(code) for code in service["RestartPreventExitStatus"].split()} == FINAL


def test_the_crontab_s_line_runs_as_cron_runs_it(tmp_path):
    text = (DEPLOY / "crontab").read_text()
    (line,) = [line for line in text.splitlines() if re.match(r"[\d*]", line)]
    *moment, user, command = line.split(None, 6)
    assert (len(moment), user) == (5, "strongroom")
    assert not re.search(r"(?<!\\)%", command), "cron takes a % for the end of the line"
    project = stub(tmp_path / "project")
    (project / ".strongroom").mkdir()
    command = command.replace(r"\%", "%").replace("/opt/strongroom", str(project))
    command = command.replace("/var/log/strongroom", str(tmp_path))
    subprocess.run(["bash", "-c", command], check=True)
    (call,) = calls(project)
    assert re.fullmatch(r"night-\d{4}-\d\d-\d\d", understood(call.split()).run_id)


def bundle():
    return yaml.safe_load((DEPLOY / "databricks/databricks.yml").read_text())


def test_the_bundle_s_tasks_are_jobs_and_its_variables_are_there():
    text = (DEPLOY / "databricks/databricks.yml").read_text()
    found = bundle()
    assert set(re.findall(r"\$\{var\.(\w+)\}", text)) == set(found["variables"])
    for job in found["resources"]["jobs"].values():
        for task in job["tasks"]:
            wheel = task["python_wheel_task"]
            understood(wheel["parameters"])
            assert (wheel["package_name"], wheel["entry_point"]) == ("strongroom", "strongroom-task")
    assert list((ROOT / "deploy/databricks" / found["artifacts"]["strongroom"]["path"]).glob("pyproject.toml"))


@pytest.mark.slow
def test_databricks_own_package_takes_the_bundle_s_jobs_and_no_misspelt_one():
    program = environment("databricks-bundles==1.22.1") / "python"
    code = "import json, sys; from databricks.bundles.jobs import Job; Job.from_dict(json.load(sys.stdin))"
    jobs = bundle()["resources"]["jobs"]
    for job in jobs.values():
        subprocess.run([program, "-c", code], input=json.dumps(job), text=True, check=True)
    jobs["nightly"]["tasks"][0]["max_retrys"] = 1
    wrong = subprocess.run([program, "-c", code], input=json.dumps(jobs["nightly"]), text=True, capture_output=True)
    assert "Unexpected field 'max_retrys'" in wrong.stderr


AIRFLOW = ("apache-airflow==3.3.2",)
TRIED = """
import sys; sys.path.insert(0, sys.argv[1])
import strongroom_nightly as nightly
job = next(task for task in nightly.dag.tasks if task.task_id == "prepare")
for code in sys.argv[2:]:
    nightly.START, job.words = f"bash -c 'exit {code}'", ["prepare"]
    try:
        job.execute({})
        print(code, "went on")
    except Exception as error:
        print(code, type(error).__name__)
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """A way to run Airflow's own programs on our DAG, with a data base of this test's."""
    home, programs = tmp_path_factory.mktemp("airflow"), environment(*AIRFLOW)
    shutil.copytree(DEPLOY / "airflow", home / "dags")

    def run(program, *words, project):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        mine = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "STRONGROOM_PROJECT": str(project)}
        command = [programs / program, *words]
        return subprocess.run(command, env={**kept, **mine}, cwd=home, capture_output=True, text=True, check=False)

    assert run("airflow", "db", "migrate", project=home).returncode == 0
    return run


@pytest.mark.slow
def test_airflow_runs_each_job_as_a_task(airflow, tmp_path):
    project = stub(tmp_path / "project")
    done = airflow("airflow", "dags", "test", "strongroom_nightly", project=project)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "state=success" in done.stdout + done.stderr
    found = calls(project)
    assert sorted(call.split()[0] for call in found) == ["audit", "prepare", "project", "vectorize"]
    prepared = next(call for call in found if call.startswith("prepare"))
    assert re.fullmatch(r"night-\d{8}T\d{6}", understood(prepared.split()).run_id)
    assert found.index(prepared) < min(
        at for at, call in enumerate(found) if call.split()[0] in ("project", "vectorize")
    )


@pytest.mark.slow
def test_airflow_s_night_fails_with_one_of_its_jobs(airflow, tmp_path):
    project = stub(tmp_path / "project")
    script = project / "spark-submit.sh"
    script.write_text(script.read_text().replace("exit 0", '[ "$1" != vectorize ] || exit 5'))
    done = airflow("airflow", "dags", "test", "strongroom_nightly", project=project)
    assert "state=failed" in done.stdout + done.stderr
    assert len(calls(project)) == 4, "and vectorize was tried once"


@pytest.mark.slow
def test_airflow_tries_again_only_what_may_go_well(airflow, tmp_path):
    codes = [str(code) for code in (0, *AGAIN, *FINAL)]
    done = airflow("python", "-c", TRIED, str(DEPLOY / "airflow"), *codes, project=tmp_path)
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line.split(" ")[0] in codes)
    again, final = dict.fromkeys(AGAIN, "AirflowException"), dict.fromkeys(FINAL, "AirflowFailException")
    assert {int(code): how for code, how in told.items()} == {0: "went on", **again, **final}


def test_what_the_image_copies_is_there():
    text = (DEPLOY / "kubernetes/Dockerfile").read_text()
    names = [name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for name in line.split()]
    assert {name for name in names if not (ROOT / name).exists()} == {"dist/strongroom-*.whl"}
    stem = re.search(r"FROM apache/spark:(\S+)", text)[1]
    assert f"pyspark[connect]=={stem} " in (ROOT / "requirements.in").read_text()
