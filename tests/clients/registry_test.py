"""Registries behind TLS and without: docker-registry, certificates made here, and the docker command line."""

import os
import subprocess
import unittest

import case
import images
from container_host import IMAGE, ContainerHost, clis
from engine import Engine

HOST = "192.0.2.1"  # Of the mini host's uplink: what is on loopback needs no certificate.
CHECKED = f"{HOST}:5443"
UNCHECKED = f"{HOST}:5444"
PLAIN = f"{HOST}:5000"
STRANGE = f"{HOST}:5445"
LOOPBACK = "127.0.0.1:5446"


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Certificates:
    """An authority of our own, and what it signed."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=plimsoll-test authority", "-keyout", self.path("ca.key"), "-out", self.path("ca.crt"))
        self.make("server", "subjectAltName=IP:192.0.2.1")
        self.make("client", "extendedKeyUsage=clientAuth")

    def path(self, name):
        return str(self.directory / name)

    def make(self, name, extension):
        (self.directory / f"{name}.ext").write_text(extension + "\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr"))
        openssl("x509", "-req", "-days", "2", "-in", self.path(f"{name}.csr"), "-CA", self.path("ca.crt"), "-CAkey",
                self.path("ca.key"), "-CAcreateserial", "-extfile", self.path(f"{name}.ext"), "-out",
                self.path(f"{name}.crt"))


class Registry:
    def __init__(self, address, tls=""):
        directory = case.work / f"registry-{address.replace(':', '-')}"
        directory.mkdir()
        (directory / "config.yml").write_text(
            f"version: 0.1\nlog: {{accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {directory}/data}}}}\nhttp:\n  addr: {address}\n{tls}")
        self.log_path = directory / "log"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", str(directory / "config.yml")], stdout=log,
                                            stderr=log)
        self.address = address

    def listens(self):
        assert self.process.poll() is None, self.log_path.read_text()
        host, _, port = self.address.rpartition(":")
        return subprocess.run(["bash", "-c", f"exec 3<>/dev/tcp/{host}/{port}"], capture_output=True,
                              check=False).returncode == 0

    def stop(self):
        self.process.kill()
        self.process.wait()


class RegistryHost(ContainerHost):
    def __init__(self, cli, trusted):
        self.cli = cli
        self.engine = Engine("--containers.registry-certificates", str(trusted), "--containers.insecure-registry",
                             UNCHECKED, "--containers.insecure-registry", PLAIN, name="registries").start()
        self.config = case.work / "docker-config"
        self.config.mkdir(exist_ok=True)
        self.import_image(IMAGE)


def setUpModule():
    global host
    found = clis()
    assert found, "there is no docker command line here"
    certificates = Certificates(case.work / "certificates")
    trusted = case.work / "certs.d"
    for name in (CHECKED, STRANGE):
        (trusted / name).mkdir(parents=True)
    (trusted / CHECKED / "ca.crt").write_bytes((certificates.directory / "ca.crt").read_bytes())
    (trusted / CHECKED / "client.cert").write_bytes((certificates.directory / "client.crt").read_bytes())
    (trusted / CHECKED / "client.key").write_bytes((certificates.directory / "client.key").read_bytes())
    tls = f"  tls: {{certificate: {certificates.path('server.crt')}, key: {certificates.path('server.key')}}}\n"
    asks_who = tls.replace("}\n", f", clientcas: [{certificates.path('ca.crt')}]}}\n")
    registries = [Registry(CHECKED, asks_who), Registry(UNCHECKED, tls), Registry(PLAIN), Registry(STRANGE, tls),
                  Registry(LOOPBACK, tls)]
    for registry in registries:
        unittest.addModuleCleanup(registry.stop)
        assert case.eventually(registry.listens), registry.log_path.read_text()
    host = RegistryHost(next(iter(found.values())), trusted)
    unittest.addModuleCleanup(host.stop)


class Registries(unittest.TestCase):
    def there_and_back(self, registry):
        name = f"{registry}/deep/er:1"
        host("tag", IMAGE, name)
        host("push", name)
        host("rmi", name)
        host("pull", name)
        self.assertEqual(host("run", "--rm", name, "echo", "it came"), "it came")
        host("rmi", name)

    def refused(self, name):
        done = host.docker("pull", name)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def test_one_whose_authority_is_known_and_that_asks_who_we_are(self):
        self.there_and_back(CHECKED)

    def test_one_that_nobody_vouches_for(self):
        self.assertRegex(self.refused(f"{STRANGE}/x:1"), f'Get "https://{STRANGE}/v2/": .*certificate')

    def test_insecure_ones(self):
        for registry in (UNCHECKED, PLAIN):
            with self.subTest(registry=registry):
                self.there_and_back(registry)
        self.assertIn(f"{PLAIN}", host("info"))

    def test_one_on_loopback(self):
        self.there_and_back(LOOPBACK)

    def test_one_that_is_not_there(self):
        self.assertIn(f'Get "https://{HOST}:5999/v2/"', self.refused(f"{HOST}:5999/x:1"))


class Authority(unittest.TestCase):
    def test_the_environment_may_name_the_authorities(self):
        os.environ["SSL_CERT_FILE"] = str(case.work / "certificates/ca.crt")
        self.addCleanup(os.environ.pop, "SSL_CERT_FILE")
        engine = Engine(name="by-environment").start()
        self.addCleanup(engine.stop)
        other = ContainerHost.__new__(ContainerHost)
        other.cli, other.engine, other.config = host.cli, engine, host.config
        name = f"{STRANGE}/by/environment:1"
        other("import", "-", name, input=images.busybox_tar())
        other("push", name)


if __name__ == "__main__":
    case.main()
