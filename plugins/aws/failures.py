"""What an error of the SDK means: whether to try again, what was wrong, and what to do.

Separate because it is a table of AWS's codes, whatever the call was.
"""

import re

from gennaker.core.cloud.provider import CloudError
from gennaker.core.errors import GennakerError, InvalidRequest

_THROTTLED = re.compile(
    r"Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|PriorRequestNotComplete|BandwidthLimitExceeded"
)
#: It may pass by itself.
_PASSING = re.compile(
    r"^(InternalError|InternalFailure|InternalServerError|ServiceUnavailable|Unavailable|RequestTimeout|RequestTimeTooSkewed"
    r"|ScalingActivityInProgress|ResourceContention|ConcurrentTagAccess|InsufficientInstanceCapacity|ServiceLinkedRoleFailure"
    r"|DependencyViolation|ResourceInUse|OperationInProgress|5\d\d)"
)
_QUOTA = re.compile(r"LimitExceeded|^TooMany|QuotaExceeded|CountExceeded|^LimitsExceeded")
_DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|NotAuthorized|OptInRequired")
_KEYS = re.compile(
    r"AuthFailure|InvalidClientTokenId|InvalidAccessKeyId|ExpiredToken|SignatureDoesNotMatch|UnrecognizedClient|MissingAuthenticationToken"
)
_WISH = re.compile(
    r"^(Validation|InvalidParameter|InvalidAMI|InvalidGroup|InvalidKeyPair|InvalidSubnet|InvalidVpc|InvalidPermission|InvalidBlockDevice"
    r"|InvalidConfigurationRequest|InvalidScheme|InvalidLaunchTemplate|InvalidInput|Malformed|Missing|Unsupported|CertificateNotFound"
    r"|DuplicateL|DuplicateT|IncompatibleProtocols|SubnetNotFound|SSLPolicyNotFound|UnknownParameter|AlreadyExists)|NotFound$"
)


def refused(what: str, action: str, code: str, message: str, status: int) -> GennakerError:
    """The error for a refusal by AWS. `what` names the resource and its place, `action` the call in the words of IAM."""
    said = " ".join(message.split())[:500]
    told = f"{what}: AWS says {code}" + (f", {said}" if said else "")
    if _THROTTLED.search(code):
        return CloudError(f"{told}; the account makes too many calls, this one is made again later", retryable=True)
    if _QUOTA.search(code):
        return CloudError(
            f"{told}; a quota of the account is used up: expected it to be raised in AWS's Service Quotas, or unused resources to be removed"
        )
    if _DENIED.search(code):
        return CloudError(f"{told}; expected the account's role to be allowed {action}")
    if _KEYS.search(code):
        return CloudError(f"{told}; expected valid keys, or a role that may be assumed, in plugins.aws.accounts")
    if _PASSING.search(code) or status >= 500:
        return CloudError(f"{told}; it may pass, the call is made again", retryable=True)
    if _WISH.search(code):
        return InvalidRequest(f"{told}; expected a wish that AWS can meet")
    return CloudError(f"{told} ({action})")


def unanswered(what: str, action: str, error: Exception) -> GennakerError:
    """The error for a call that AWS did not answer, or that could not be made."""
    from botocore import exceptions as known

    said = " ".join(str(error).split())[:500]
    if isinstance(error, known.ParamValidationError):
        return InvalidRequest(f"{what}: {action} cannot be asked for so: {said}")
    if isinstance(error, known.HTTPClientError | known.EndpointConnectionError | known.ConnectionClosedError):
        return CloudError(
            f"{what}: no answer to {action}: {said}; whether it took place is found out when the call is made again",
            retryable=True,
        )
    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError | known.CredentialRetrievalError):
        return CloudError(
            f"{what}: the account has no keys ({said}); expected access_key and secret_key, a profile or a role of this machine"
        )
    return CloudError(f"{what}: {action} could not be called: {said}")
