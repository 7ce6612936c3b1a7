"""The OCI runtime on cgroup v2."""

import case
import oci_cases
import oci_escape_cases
import oci_feature_cases
import oci_namespace_cases

setUpModule = oci_cases.set_up


class Lifecycle(oci_cases.Lifecycle):
    pass


class Configuration(oci_cases.Configuration):
    pass


class Features(oci_feature_cases.Features):
    pass


class UnderSystemd(oci_feature_cases.UnderSystemd):
    pass


class Escapes(oci_escape_cases.Escapes):
    pass


class Namespaces(oci_namespace_cases.Namespaces):
    pass


if __name__ == "__main__":
    case.main()
