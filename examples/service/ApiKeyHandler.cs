using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace Torch2DotNet.Service;

/// <summary>Knows a caller by the key in <c>Authorization: Bearer …</c>, where clients also put the tokens of identity providers.</summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<Callers> callers) : IAuthenticationHandler
{
    public const string Name = "ApiKey";

    private const string Prefix = "Bearer ";

    private HttpContext _context = null!;

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        _context = context;
        return Task.CompletedTask;
    }

    public Task<AuthenticateResult> AuthenticateAsync()
    {
        string? header = _context.Request.Headers.Authorization;
        if (header is null || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        byte[] given = Encoding.UTF8.GetBytes(header[Prefix.Length..]);
        foreach ((string name, string key) in callers.CurrentValue.Keys)
        {
            // The time that it takes says nothing about the key.
            if (CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(key)))
            {
                var caller = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], Name));
                return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(caller, Name)));
            }
        }

        return Task.FromResult(AuthenticateResult.Fail("The key is none of Callers:Keys."));
    }

    public Task ChallengeAsync(AuthenticationProperties? properties)
    {
        _context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        _context.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    public Task ForbidAsync(AuthenticationProperties? properties)
    {
        _context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}

/// <summary>Says in the OpenAPI document that requests need a key.</summary>
internal sealed class ApiKeyDescription : IOpenApiDocumentTransformer
{
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.AddComponent(ApiKeyHandler.Name, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" });
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(ApiKeyHandler.Name, document)] = [] }];
        return Task.CompletedTask;
    }
}
