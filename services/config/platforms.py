"""The settings of deploy targets: where the API of each is."""

from pydantic import Field

from services.config.forms import HttpUrl
from services.config.section import Section


class PlatformSettings(Section):
    """Deploy targets. Whose account is used, a team's integrations say."""

    heroku_api_url: HttpUrl = Field(
        "https://api.heroku.com", alias="HEROKU_API_URL", description="Where Heroku's platform API is."
    )
    railway_api_url: HttpUrl = Field(
        "https://backboard.railway.com", alias="RAILWAY_API_URL", description="Where Railway's public API is."
    )
    vercel_api_url: HttpUrl = Field(
        "https://api.vercel.com", alias="VERCEL_API_URL", description="Where Vercel's API is."
    )
