import json

from webmap import vendor


def test_the_lock_file_names_no_host_and_pins_every_package_we_copy_from():
    lock = json.loads((vendor.STATIC / "package-lock.json").read_text())

    packages = {name.removeprefix("node_modules/"): package for name, package in lock["packages"].items() if name}
    assert not any("resolved" in package for package in packages.values())
    assert all(packages[name]["integrity"].startswith("sha512-") for name in vendor.FILES)


def test_every_library_is_served_with_its_licence():
    assert all("LICENSE" in files.values() for files in vendor.FILES.values())
    assert all((vendor.STATIC / "vendor" / name / "LICENSE").is_file() for name in vendor.FILES)


def test_a_second_run_copies_nothing():
    vendor.fetch()

    assert vendor.fetch() == 0


def test_a_missing_file_is_noticed(tmp_path):
    (tmp_path / "package-lock.json").write_text("{}")
    for package, files in vendor.FILES.items():
        for source in files:
            path = tmp_path / "node_modules" / package / source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")

    assert not vendor.is_complete(tmp_path)
    vendor.copy_files(tmp_path)
    assert vendor.is_complete(tmp_path)
    (tmp_path / "vendor" / "leaflet" / "leaflet.js").unlink()
    assert not vendor.is_complete(tmp_path)
