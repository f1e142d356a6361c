"""What a model directory asks to be installed."""

from pathlib import Path

import pytest

from foundations_images import BadRequirement, Requirements, read_requirements


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def refusal(root: Path) -> BadRequirement:
    with pytest.raises(BadRequirement) as caught:
        read_requirements(root)
    return caught.value


def test_no_file_is_nothing_to_install(tmp_path: Path) -> None:
    assert read_requirements(tmp_path) == Requirements()
    assert read_requirements(tmp_path).empty


def test_a_file_of_comments_is_nothing_to_install(tmp_path: Path) -> None:
    assert read_requirements(write(tmp_path, requirements="# later\n--pre\n")).empty


def test_named_files_are_read_from_where_they_are_named(tmp_path: Path) -> None:
    write(tmp_path, requirements="-r env/more.txt\nnumpy\n", env__more="-c pins.txt\npandas\n", env__pins="numpy<3\n")
    found = read_requirements(tmp_path)
    assert [name for name, _ in found.files] == ["requirements.txt", "env/more.txt", "env/pins.txt"]
    assert not found.empty


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, requirements="-r a.txt\n-r b.txt\n", a="-r c.txt\n", b="-r c.txt\n", c="numpy\n")
    assert [name for name, _ in read_requirements(tmp_path).files] == ["requirements.txt", "a.txt", "c.txt", "b.txt"]


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.0.0",
        "numpy >= 1.26, < 3 ; python_version >= '3.11'",
        "pandas[performance,aws]",
        "humanize==4.9.0 --hash=sha256:" + "0" * 64,
        "pip @ https://example.org/pip-1.zip",
        "https://example.org/pkg-1-py3-none-any.whl",
        "git+https://example.org/pkg.git@main",
        "--index-url https://example.org/index",
        "--extra-index-url=https://${TOKEN}@example.org/index",
        "--find-links https://example.org/wheels/",
        "--no-binary :all:",
        "--only-binary=:all:",
        "--pre",
        "--require-hashes",
        "--trusted-host example.org:8080",
    ],
)
def test_what_pip_takes_is_taken(tmp_path: Path, line: str) -> None:
    assert read_requirements(write(tmp_path, requirements=line)).normalised.endswith(line)


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "--editable=./pkg",
        ".",
        "./pkg",
        "../pkg",
        "pkg/sub",
        "pkg.whl",
        "pkg-1.0-py3-none-any.whl",
        "pkg-1.0.tar.gz ; python_version > '3'",
        "/srv/pkg.zip",
        "file:pkg.zip",
        "file:///srv/pkg.zip",
        "pkg @ file:///srv/pkg.zip",
        "pkg @ ./pkg",
        "C:\\pkg",
        "--find-links wheels",
        "--index-url file:///srv/index",
    ],
)
def test_local_packages_are_refused(tmp_path: Path, line: str) -> None:
    error = refusal(write(tmp_path, requirements=f"# first\n{line}\n"))
    assert "local packages are not installed yet" in str(error)
    assert (error.path, error.line, error.text) == (tmp_path.resolve() / "requirements.txt", 2, line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("numpy=2", "is not a requirement"),
        ("foundations", "travels with every job by itself"),
        ("foundations @ file:///src", "travels with every job by itself"),
        ("Foundations >= 2", "travels with every job by itself"),
        ("numpy 2", "is not a requirement"),
        ("numpy ; python_version >< '3'", "is not a requirement"),
        ("numpy --global-option=x", "takes only --hash"),
        ("--no-deps", "does not take (--no-deps)"),
        ("-r", "has no value"),
        ("-r missing.txt", "does not exist"),
        ("-r https://example.org/r.txt", "by its URL"),
        ("-c ../outside.txt", "outside of the model directory"),
        ("--trusted-host a;b", "does not name a host"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, reason: str) -> None:
    root = tmp_path / "model"
    write(tmp_path, outside="numpy\n")
    error = refusal(write(root, requirements=f"pandas\n\n{line}\n"))
    assert str(error).startswith(f"requirements.txt, line 3: {line!r} ")
    assert reason in str(error)


def test_the_file_at_fault_is_named(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, requirements="-r env/more.txt\n", env__more="\n???\n"))
    assert str(error).startswith("env/more.txt, line 2: '???'")
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("other", ["-r requirements.txt", "-r ./other.txt"])
def test_a_circle_of_files_is_refused(tmp_path: Path, other: str) -> None:
    assert "leads back to" in str(refusal(write(tmp_path, requirements="-r other.txt\n", other=other)))


def test_a_link_out_of_the_directory_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path / "model", requirements="-r link.txt\n")
    write(tmp_path, outside="numpy\n")
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    assert "outside of the model directory" in str(refusal(root))


def test_a_byte_order_mark_and_crlf_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xef\xbb\xbfnumpy\r\npandas\r\n")
    assert read_requirements(tmp_path).files == (("requirements.txt", "numpy\npandas\n"),)


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("numpy\npandas # für\n".encode("latin-1"))
    error = refusal(tmp_path)
    assert error.line == 2
    assert "UTF-8" in str(error)


def test_passwords_stay_out_of_the_error(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, requirements="numpy @@ https://user:hush-hush@example.org/x.zip"))
    assert "hush-hush" not in str(error) + error.text


def test_comments_do_not_matter_and_order_does(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        return read_requirements(write(tmp_path, requirements=text)).digest

    assert digest("numpy\npandas\n") == digest("# why\nnumpy  # because\n\n  pandas\n")
    assert digest("numpy\npandas\n") != digest("pandas\nnumpy\n")


def test_variables_are_those_that_pip_would_expand(tmp_path: Path) -> None:
    text = "--index-url https://${USER}:${TOKEN_1}@example.org/index  # ${NOT}\nnumpy\n"
    assert read_requirements(write(tmp_path, requirements=text)).variables == ("TOKEN_1", "USER")
