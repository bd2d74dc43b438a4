"""Every table of gridpatrol: columns and relations, nothing else."""

from data.kinds import GridKind
from data.models.audit import AuditRow
from data.models.base import Base
from data.models.columns import WGS84, UtcDateTime
from data.models.devices import Device, DevicePatrol, DeviceStage, PhoneFix
from data.models.drafts import DraftBlock, DraftChange, DraftEdit, EditionStep, FlawAcceptance, NoticeBoard
from data.models.incidents import Category, Incident, IncidentSource, IncidentStep, Stage, StepKind
from data.models.patrols import Fix, Patrol, PatrolCredit, PatrolSource
from data.models.people import (
    ChainLink,
    Duty,
    Organisation,
    Person,
    PlaceKind,
    Posting,
    Role,
    Team,
    TeamKind,
    TeamMember,
    User,
    UserScope,
)
from data.models.places import (
    Building,
    Community,
    Compound,
    EditionStage,
    Grid,
    GridEdition,
    GridLineage,
    GridOverride,
    LevelName,
    LineageKind,
    Street,
    StreetClass,
    Subdistrict,
)
from data.models.privacy import Consent, ConsentText, Curtain
from data.models.seen import FrequencyWish, SeenDay

__all__ = [
    "WGS84",
    "AuditRow",
    "Base",
    "Building",
    "Category",
    "ChainLink",
    "Community",
    "Compound",
    "Consent",
    "ConsentText",
    "Curtain",
    "Device",
    "DevicePatrol",
    "DeviceStage",
    "DraftBlock",
    "DraftChange",
    "DraftEdit",
    "Duty",
    "EditionStage",
    "EditionStep",
    "Fix",
    "FlawAcceptance",
    "FrequencyWish",
    "Grid",
    "GridEdition",
    "GridKind",
    "GridLineage",
    "GridOverride",
    "Incident",
    "IncidentSource",
    "IncidentStep",
    "LevelName",
    "LineageKind",
    "NoticeBoard",
    "Organisation",
    "Patrol",
    "PatrolCredit",
    "PatrolSource",
    "Person",
    "PhoneFix",
    "PlaceKind",
    "Posting",
    "Role",
    "SeenDay",
    "Stage",
    "StepKind",
    "Street",
    "StreetClass",
    "Subdistrict",
    "Team",
    "TeamKind",
    "TeamMember",
    "User",
    "UserScope",
    "UtcDateTime",
]
